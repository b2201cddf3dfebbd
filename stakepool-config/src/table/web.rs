//! The keys of `stakepool-web`.

use super::{
    CHECK, COLDWALLETEXTPUB, CPUPROFILE, DATADIR, DBCA, DBNAME, DBPASSWORD, DBPORT, DBSOCKET, DBSTATEMENTS, DBTLS,
    DEBUGLEVEL, HELP, Key, LOGDIR, LOGFORMAT, MAXUSERS, MEMPROFILE, MONITORLISTEN, OLDCOLDWALLETEXTPUBS, PRINT,
    PROFILE, SIMNET, TESTNET, Table, VERSION,
};

/// The table of the web application.
pub(crate) const TABLE: Table = Table {
    program: "stakepool-web",
    about: "The web application and user API of an EXCC stake pool.",
    home: ".exccstakepool",
    file: "exccstakepool.conf",
    env_prefix: "STAKEPOOL_WEB_",
    subsystems: &[
        ("EXCS", &["stakepool_web", "stakepool"]),
        ("CNTL", &["stakepool_web", "stakepool"]),
        ("GRPC", &["stakepool_rpc::grpc"]),
        ("MODL", &["stakepool_db"]),
        ("SYTM", &["stakepool_web", "stakepool"]),
    ],
    keys: &[
        HELP,
        VERSION,
        CHECK,
        PRINT,
        Key::value("configfile", "FILE", "the configuration file")
            .short('C')
            .depends("`exccstakepool.conf` in appdata"),
        Key::value("appdata", "DIR", "the program's home: relative paths of certificates and secrets start here")
            .short('A')
            .depends("~/.exccstakepool")
            .new_here(),
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
            "votingwalletextpub",
            "KEY",
            "the voting wallets' extended public key (default account), from which the pool's half of each multisig comes",
        ),
        Key::value(
            "poolfees",
            "PERCENT",
            "the fee that tickets pay, or `none`; the voting wallets and daemons need the same",
        )
        .default("7.5"),
        MAXUSERS,
        Key::switch(
            "newpool",
            "start though the voting wallets hold scripts of users whom the database does not know: these stay behind",
        )
        .new_here(),
        Key::value(
            "unverifieddays",
            "DAYS",
            "after how long accounts are removed whose e-mail address was never verified and that nobody used; 0 for never",
        )
        .default("7")
        .new_here(),
        Key::value(
            "invitations",
            "KIND",
            "off, or required: only who has an invitation makes an account (`stakepoolctl invitations create`)",
        )
        .default("off")
        .new_here(),
        Key::switch("closepool", "take no new users and addresses"),
        Key::value("closepoolmsg", "TEXT", "what visitors of a closed pool read")
            .default("The stake pool is temporarily closed to new signups."),
        Key::value("poolemail", "EMAIL", "where users get help").default("help@excc.co"),
        Key::value("poollink", "URL", "where users get help on the web").default("https://support.excc.co/"),
        Key::value("securitycontact", "EMAIL|URL", "whom to tell of a weakness (/.well-known/security.txt)")
            .depends("poolemail")
            .new_here(),
        Key::value("explorerurl", "URL", "the block explorer to which hashes and blocks lead (URL/tx/…, URL/block/…); none for no links")
            .depends("the coin's own on mainnet and testnet; none on simnet")
            .new_here(),
        Key::value("maxvotedage", "BLOCKS", "how far back the tickets page shows voted tickets").default("8640"),
        // The voting wallets and daemons.
        Key::list("wallethosts", "HOST,…", "the voting wallets; two or more"),
        Key::list("walletusers", "USER,…", "the voting wallets' user names"),
        Key::list("walletpasswords", "PASSWORD,…", "the voting wallets' passwords").secret(),
        Key::list("walletcerts", "FILE,…", "the voting wallets' certificates"),
        Key::value("minservers", "N", "how many voting wallets must agree when an address is registered").default("2"),
        Key::list("stakepooldhosts", "HOST,…", "the voting daemons; two or more"),
        Key::list("stakepooldcerts", "FILE,…", "the voting daemons' certificates"),
        Key::switch("enablestakepoold", "work with voting daemons")
            .depends("on; say enablestakepoold=0 for a pool without"),
        Key::value("rpctoken", "TOKEN", "the token that the voting daemons ask of us").secret().new_here(),
        Key::list("rpctokens", "TOKEN,…", "in the place of rpctoken: a token of its own for each of stakepooldhosts")
            .secret()
            .new_here(),
        Key::value("rpcclientcert", "FILE", "the certificate to show to the voting daemons").new_here(),
        Key::value("rpcclientkey", "FILE", "the private key of rpcclientcert").new_here(),
        // Wallets of today.
        Key::switch("vsp", "serve wallets of today (the API v3): they register tickets without an account").new_here(),
        Key::value("vspfee", "PERCENT", "the part of a vote's reward that their tickets pay").default("3").new_here(),
        Key::value("vspmaxfee", "COINS", "the most that is ever asked for a ticket; wallets refuse more; 0 is no limit")
            .default("0.1")
            .new_here(),
        Key::value(
            "vspfeexpub",
            "KEY",
            "the extended public key of the account that takes these fees; another one than coldwalletextpub",
        )
        .new_here(),
        Key::value(
            "vspkeyfile",
            "FILE",
            "the key that seals voting keys in the database, relative to datadir; made at the first start; keep a copy \
             apart from the backups",
        )
        .depends("`vsp.key` in datadir")
        .new_here(),
        Key::switch("vspclosed", "take no new tickets of wallets of today").new_here(),
        Key::value("vspclosedmsg", "TEXT", "what these wallets read then").new_here(),
        Key::value("vspmaxlag", "BLOCKS", "how far nodes may lag before no ticket is taken that might not be voted")
            .default("3")
            .new_here(),
        Key::list("exccdhost", "HOST,…", "the node for wallets of today; more than one are used in turn when one fails")
            .new_here(),
        Key::list("exccduser", "USER,…", "the nodes' user names").new_here(),
        Key::list("exccdpassword", "PASSWORD,…", "the nodes' passwords").secret().new_here(),
        Key::list("exccdcert", "FILE,…", "the nodes' certificates").new_here(),
        // The web site.
        Key::value("listen", "HOST:PORT", "where to serve; `:PORT` for all interfaces, or the path of a unix socket")
            .default(":8000"),
        Key::value("listenmode", "MODE", "the rights of the unix socket; connecting needs the right to write")
            .default("0666")
            .new_here(),
        Key::value("listengroup", "GROUP", "the group of the unix socket, by name or number; a proxy's, for example")
            .depends("the program's own")
            .new_here(),
        Key::value("baseurl", "URL", "the pool's address as visitors type it; stands in mails and API keys")
            .default("http://127.0.0.1:8000"),
        Key::value("cookiesecret", "SECRET", "signs cookies; `openssl rand -hex 32` makes one").secret(),
        Key::value("oldcookiesecret", "SECRET", "the cookiesecret before: cookies that it signed count as well")
            .secret()
            .new_here(),
        Key::switch("cookiesecure", "send cookies over HTTPS only").depends("on where baseurl is https://"),
        Key::value("apisecret", "SECRET", "signs API keys; `openssl rand -hex 32` makes one").secret(),
        Key::value("oldapisecret", "SECRET", "the apisecret before: API keys that it signed count as well")
            .secret()
            .new_here(),
        Key::list("adminips", "ADDRESS,…", "IP addresses or networks from which the pool may be administered")
            .default("127.0.0.1,::1"),
        Key::list("adminuserids", "ID,…", "users who may administer the pool"),
        Key::switch("admintotp", "administrators need a one-time password").new_here(),
        Key::value("adminidleminutes", "MINUTES", "after how long without a use an administrator's session ends")
            .default("30")
            .new_here(),
        Key::value("statustoken", "TOKEN", "lets a monitor read the status page without signing in")
            .secret()
            .new_here(),
        MONITORLISTEN,
        Key::value(
            "alertwebhook",
            "URL",
            "tell the operator's troubles here: a POST of JSON when one begins, each day, at its end",
        )
        .secret()
        .new_here(),
        Key::value(
            "alertheartbeat",
            "URL",
            "ask for this now and then while the pool is watched: a watcher there alerts where that stops",
        )
        .secret()
        .new_here(),
        Key::value("alertheartbeatminutes", "MINUTES", "how often alertheartbeat is asked for").default("5").new_here(),
        Key::value(
            "realipheader",
            "HEADER",
            "the header in which a proxy tells the visitor's address: X-Real-IP, X-Forwarded-For, Forwarded …",
        ),
        Key::list("trustedproxies", "ADDRESS,…", "proxies whose header is believed")
            .depends("loopback where realipheader is set")
            .new_here(),
        Key::value("captcha", "KIND", "own, recaptcha or none")
            .depends("recaptcha where both recaptcha keys are set, else own")
            .new_here(),
        Key::value("recaptchasitekey", "KEY", "the public key for reCAPTCHA"),
        Key::value("recaptchasecret", "SECRET", "the secret for reCAPTCHA").secret(),
        Key::value("templatepath", "DIR", "templates instead of those that are built in"),
        Key::value("publicpath", "DIR", "assets instead of those that are built in"),
        // Mail.
        Key::value("smtphost", "HOST:PORT", "the mail server; no mail is sent where it is not set"),
        Key::value("smtpfrom", "EMAIL", "the sender of mails: pool@pool.example, or NAME <pool@pool.example>"),
        Key::value("smtpusername", "USER", "the user name at the mail server"),
        Key::value("smtppassword", "PASSWORD", "the password at the mail server").secret(),
        Key::value("smtptls", "KIND", "none, opportunistic, starttls or tls")
            .depends("tls on port 465, none on this host, opportunistic on port 25 without a login, else starttls")
            .new_here(),
        // The database.
        Key::value(
            "database",
            "sqlite:PATH",
            "where users and tickets are stored, relative to datadir; or mysql: for a server of MySQL or MariaDB",
        )
        .depends("mysql: where dbhost, dbpassword or dbsocket is set, else sqlite:pool.sqlite")
        .new_here(),
        Key::value(
            "dbhost",
            "HOSTS",
            "the database server's host, or several by commas: the first that can be written to",
        )
        .depends("localhost"),
        DBPORT,
        DBNAME,
        Key::value("dbuser", "USER", "the account at the database server").depends("stakepool"),
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
