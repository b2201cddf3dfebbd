//! What pages say of a network.

use stakepool_core::chain::Network;

/// How public key addresses of a network begin.
pub const fn example(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "2s",
        Network::Testnet => "Tk",
        Network::Simnet => "Sk",
    }
}

/// The line that `exccwallet.conf` needs on a network, with its line end.
pub const fn network_switch(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "",
        Network::Testnet => "testnet=1\n",
        Network::Simnet => "simnet=1\n",
    }
}

/// The flag that `exccctl` needs on a network, with a space behind it.
pub const fn network_flag(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "",
        Network::Testnet => "--testnet ",
        Network::Simnet => "--simnet ",
    }
}
