//! `stakepoolctl completion` and `stakepoolctl man`.

use std::fs;

use crate::scene::run;

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(home.path(), &["completion", shell], "").success();
        for part in ["stakepoolctl", "tickets", "without-second-factor", "completion"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
    for (program, part) in [("stakepoold", "rpctokennext"), ("stakepool-web", "oldapisecret")] {
        let script = run(home.path(), &["completion", "bash", "--program", program], "").success();
        for part in [program, part, "check-config"] {
            assert!(script.contains(part), "{program}: {part}");
        }
    }
    let message = run(home.path(), &["completion", "nonsense"], "").refusal(2);
    assert!(message.contains("SHELL") && message.contains("bash"), "{message}");
}

#[test]
fn each_command_has_a_manual_page() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("share/man1");
    run(home.path(), &["man", folder.to_str().unwrap()], "").success();
    for (page, part) in [
        ("stakepoolctl.1", "Exit codes"),
        ("stakepoolctl-users-password.1", "without\\-second\\-factor"),
        ("stakepoolctl-tickets-add.1", "HASH"),
        ("stakepoold.1", "rpctokennext"),
        ("stakepool-web.1", "cookiesecret"),
    ] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.starts_with(".ie") && text.contains(part), "{page}: {text}");
    }
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let message = run(home.path(), &["man", file.to_str().unwrap()], "").refusal(1);
    assert!(message.contains("cannot be written"), "{message}");
}
