//! The configuration of the predecessor's server for wallets of today (vspd), in our keys.

use crate::ini;

/// A configuration in our keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FromVspd {
    /// Lines for the web's configuration file, in their order.
    pub lines: Vec<String>,
    /// What has no counterpart, or is to be done by hand. Secrets are never repeated.
    pub notes: Vec<String>,
}

/// What becomes of a key.
enum Fate {
    /// It is called so here, and means the same.
    Called(&'static str),
    /// It is a secret, which goes into a file.
    Secret { ours: &'static str, file: &'static str },
    /// It says which network.
    Network,
    /// Something else takes its place.
    Instead(&'static str),
}

/// Every key of such a file.
const KEYS: [(&str, Fate); 22] = [
    ("network", Fate::Network),
    ("vspfee", Fate::Called("vspfee")),
    ("vspclosed", Fate::Called("vspclosed")),
    ("vspclosedmsg", Fate::Called("vspclosedmsg")),
    ("exccdhost", Fate::Called("exccdhost")),
    ("exccduser", Fate::Called("exccduser")),
    ("exccdpass", Fate::Secret { ours: "exccdpassword", file: "exccd.password" }),
    ("exccdcert", Fate::Called("exccdcert")),
    ("supportemail", Fate::Called("poolemail")),
    ("loglevel", Fate::Called("debuglevel")),
    ("listen", Fate::Instead("stakepool-web listens as its own `listen` says: lead the proxy there")),
    ("wallethost", Fate::Instead("no wallet is needed: the voting daemons vote by the keys that owners hand over")),
    ("walletuser", Fate::Instead("no wallet is needed")),
    ("walletpass", Fate::Instead("no wallet is needed")),
    ("walletcert", Fate::Instead("no wallet is needed")),
    (
        "adminpass",
        Fate::Instead(
            "administrators sign in with accounts of their own: `adminuserids`, or `stakepoolctl vsp` on the host",
        ),
    ),
    (
        "backupinterval",
        Fate::Instead("the database is written at once; `stakepoolctl backup` copies it, by a timer of the system"),
    ),
    ("designation", Fate::Instead("pages are named by their templates (`templatepath`)")),
    ("webserverdebug", Fate::Instead("there is no such mode")),
    ("maxlogsize", Fate::Instead("logs go to the journal; files in `logdir` are changed by the day")),
    ("logstokeep", Fate::Instead("logs go to the journal; files in `logdir` are changed by the day")),
    ("homedir", Fate::Instead("`stakepoolctl vsp import` reads the database from there")),
];

/// The network where the file names none.
const USUAL_NETWORK: &str = "testnet";
/// What it asks where the file says nothing.
const USUAL_FEE: &str = "3.0";
/// Where the node is, where the file says nothing.
const USUAL_NODE: &str = "127.0.0.1";

/// Puts a configuration of vspd into our keys.
pub fn from_vspd(text: &str) -> FromVspd {
    let (entries, bad) = ini::parse(text);
    let mut from = FromVspd { lines: vec!["vsp=1".to_owned()], notes: Vec::new() };
    let mut network = USUAL_NETWORK;
    let said = |name: &str| entries.iter().rev().find(|entry| entry.name.eq_ignore_ascii_case(name));
    for (name, usual) in [("vspfee", USUAL_FEE), ("exccdhost", USUAL_NODE)] {
        if said(name).is_none() {
            from.lines.push(format!("{name}={usual}"));
        }
    }
    for (name, fate) in &KEYS {
        let Some(entry) = said(name) else { continue };
        match fate {
            Fate::Called(ours) => from.lines.push(format!("{ours}={}", entry.value)),
            Fate::Secret { ours, file } => {
                from.lines.push(format!("{ours}=file:{file}"));
                from.notes.push(format!(
                    "{name}: write its value (line {}) into the file {file} beside the configuration, chmod 600",
                    entry.line
                ));
            }
            Fate::Network => match entry.value.as_str() {
                "mainnet" => network = "",
                "simnet" => network = "simnet",
                USUAL_NETWORK => {}
                _ => from.notes.push("network: neither mainnet, testnet nor simnet".to_owned()),
            },
            Fate::Instead(what) => from.notes.push(format!("{name}: {what}")),
        }
    }
    if !network.is_empty() {
        from.lines.insert(0, format!("{network}=1"));
    }
    let is_known = |name: &str| KEYS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let unknown = entries.iter().filter(|entry| !is_known(&entry.name));
    from.notes.extend(unknown.map(|entry| format!("{} (line {}): is no key of vspd", entry.name, entry.line)));
    from.notes.extend(bad.iter().map(|line| format!("line {}: {}", line.line, line.reason)));
    from.notes.push(
        "vspfeexpub: stands in vspd's database and not in this file: set it to the key that vspd was made with (its --feexpub) before \
         `stakepoolctl vsp import`"
            .to_owned(),
    );
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_put_into_our_keys_and_what_has_none_is_named() {
        let text = "; a pool\n[Application Options]\nnetwork=mainnet\nvspfee=5\nexccdhost=10.0.0.3:9109\nexccduser=pool\n\
                    exccdpass=hunter2\nexccdcert=/etc/exccd.cert\nwallethost=10.0.0.4,10.0.0.5,10.0.0.6\nwalletpass=a,b,c\n\
                    supportemail=help@pool.example\nadminpass=secret\nvspclosed=true\nvspclosedmsg=We move\nnosuch=1\n";
        let FromVspd { lines, notes } = from_vspd(text);
        assert_eq!(
            lines,
            [
                "vsp=1",
                "vspfee=5",
                "vspclosed=true",
                "vspclosedmsg=We move",
                "exccdhost=10.0.0.3:9109",
                "exccduser=pool",
                "exccdpassword=file:exccd.password",
                "exccdcert=/etc/exccd.cert",
                "poolemail=help@pool.example",
            ]
        );
        for named in ["exccdpass: write", "wallethost: no wallet", "adminpass: ", "nosuch (line 15)", "vspfeexpub: "] {
            assert!(notes.iter().any(|note| note.starts_with(named)), "{named}: {notes:?}");
        }
        let all = format!("{lines:?} {notes:?}");
        assert!(!all.contains("hunter2") && !all.contains("secret") && !all.contains("a,b,c"), "{all}");
    }

    #[test]
    fn what_a_file_does_not_say_is_as_vspd_takes_it() {
        let FromVspd { lines, .. } = from_vspd("");
        assert_eq!(lines, ["testnet=1", "vsp=1", "vspfee=3.0", "exccdhost=127.0.0.1"]);
        assert_eq!(from_vspd("network=simnet\n").lines[0], "simnet=1");
    }
}
