//! The keys of `stakepoold`.

use super::{
    CHECK, COLDWALLETEXTPUB, CPUPROFILE, DATADIR, DBCA, DBNAME, DBPASSWORD, DBPORT, DBSOCKET, DBSTATEMENTS, DBTLS,
    DEBUGLEVEL, HELP, Key, LOGDIR, LOGFORMAT, MAXUSERS, MEMPROFILE, MONITORLISTEN, OLDCOLDWALLETEXTPUBS, PRINT,
    PROFILE, SIMNET, TESTNET, Table, VERSION,
};

/// The table of the voting daemon.
pub(crate) const TABLE: Table = Table {
    program: "stakepoold",
    about: "The voting daemon of an EXCC stake pool.",
    home: ".stakepoold",
    file: "stakepoold.conf",
    env_prefix: "STAKEPOOLD_",
    subsystems: &[
        ("STPK", &["stakepoold", "stakepool_core", "stakepool_rpc::daemon"]),
        ("RPCC", &["stakepool_rpc::json"]),
        ("GRPC", &["stakepool_rpc::grpc"]),
        ("DB", &["stakepool_db"]),
    ],
    keys: &[
        HELP,
        VERSION,
        CHECK,
        PRINT,
        Key::value("configfile", "FILE", "the configuration file").short('C').depends("`stakepoold.conf` in appdata"),
        Key::value("appdata", "DIR", "the program's home: relative paths of certificates and secrets start here")
            .short('A')
            .depends("~/.stakepoold"),
        DATADIR,
        LOGDIR,
        LOGFORMAT,
        DEBUGLEVEL,
        TESTNET,
        SIMNET,
        // The pool.
        COLDWALLETEXTPUB,
        OLDCOLDWALLETEXTPUBS,
        Key::value(
            "poolfees",
            "PERCENT",
            "the fee that tickets must pay, or `none`; the web and the voting wallets need the same",
        )
        .default("5"),
        MAXUSERS,
        // The node and the wallet.
        Key::list("exccdhost", "HOST,…", "the node; more than one are used in turn when one fails"),
        Key::list("exccduser", "USER,…", "the node's rpcuser (not its limited user)"),
        Key::list("exccdpassword", "PASSWORD,…", "the node's password").secret(),
        Key::list("exccdcert", "FILE,…", "the node's certificate"),
        Key::list("wallethost", "HOST,…", "the voting wallet; more than one are used in turn when one fails"),
        Key::list("walletuser", "USER,…", "the voting wallet's user name"),
        Key::list("walletpassword", "PASSWORD,…", "the voting wallet's password").secret(),
        Key::list("walletcert", "FILE,…", "the voting wallet's certificate"),
        // Signing without a wallet.
        Key::value("votingkey", "FILE", "the voting wallets' key, as `stakepoolctl chain voting-key` writes it: the daemon signs users' votes itself")
            .new_here(),
        Key::value("votingkeypass", "PASSPHRASE", "what opens that file").secret().new_here(),
        Key::value("votingsigner", "WHO", "who signs users' votes first where votingkey is set: `key`, or `wallet`; the other is the second way")
            .default("key")
            .new_here(),
        // The web's access to the daemon.
        Key::list("rpclisten", "HOST:PORT,…", "where the web reaches the daemon").depends("localhost"),
        Key::value("rpccert", "FILE", "the daemon's certificate; made where it is missing")
            .depends("`rpc.cert` in appdata"),
        Key::value("rpckey", "FILE", "the certificate's key; made where it is missing").depends("`rpc.key` in appdata"),
        Key::value("rpctoken", "TOKEN", "the token that is asked of the web").secret().new_here(),
        Key::value("rpctokennext", "TOKEN", "a second token that is taken as well, while rpctoken is being changed")
            .secret()
            .new_here(),
        Key::list("rpcclientcerts", "FILE,…", "certificates of which the web must show one").new_here(),
        Key::switch("oldclients", "let the predecessor's web in, which can show neither token nor certificate")
            .new_here(),
        MONITORLISTEN,
        // The database.
        Key::switch(
            "norpclisten",
            "serve no web, and look users and added tickets up in the database every 4 minutes, as the predecessor",
        ),
        Key::value(
            "dbhost",
            "HOSTS",
            "the database server's host, or several by commas: looked at when the daemon starts, while the web has sent nothing",
        )
        .depends("localhost"),
        DBPORT,
        DBNAME,
        Key::value("dbuser", "USER", "the account at the database server; it needs SELECT on Users and LowFeeTicket")
            .depends("stakepool"),
        DBPASSWORD,
        DBSOCKET,
        DBTLS,
        DBCA,
        DBSTATEMENTS,
        PROFILE,
        CPUPROFILE,
        MEMPROFILE,
    ],
};
