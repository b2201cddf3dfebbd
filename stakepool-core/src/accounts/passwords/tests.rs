use super::*;
use crate::accounts::SystemRandom;
use proptest::prelude::*;

fn hasher(floor: Duration) -> PasswordHasher {
    PasswordHasher::new(PasswordCosts { memory_kib: 64, passes: 1, floor }, Arc::new(SystemRandom)).unwrap()
}

fn quick() -> PasswordHasher {
    hasher(Duration::ZERO)
}

fn email() -> Email {
    Email::parse("somebody@example.org").unwrap()
}

fn of_predecessor(password: &str) -> PasswordHashes {
    PasswordHashes { bcrypt: Some(bcrypt::hash(password, 4).unwrap()), argon2: None }
}

#[tokio::test]
async fn a_new_hash_is_argon2id_and_knows_its_password_only() {
    let hash = quick().hash("correct horse battery").await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
    let hashes = PasswordHashes { argon2: Some(hash), bcrypt: None };
    assert_eq!(quick().check("correct horse battery", Some(&hashes)).await, Ok(PasswordCheck::Right));
    assert_eq!(quick().check("correct horse batterz", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
    assert_eq!(quick().check("", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
}

#[test]
fn costs_by_default_are_19_mib_and_two_passes() {
    let costs = PasswordCosts::default();
    assert_eq!((costs.memory_kib, costs.passes), (19456, 2));
}

#[tokio::test]
async fn a_hash_of_the_predecessor_is_upgraded_by_the_right_password_only() {
    let hashes = of_predecessor("secretpw123");
    assert_eq!(quick().check("secretpw124", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
    let Ok(PasswordCheck::RightUpgraded(argon2)) = quick().check("secretpw123", Some(&hashes)).await else {
        panic!("not upgraded");
    };
    let both = PasswordHashes { argon2: Some(argon2), ..hashes };
    assert_eq!(quick().check("secretpw123", Some(&both)).await, Ok(PasswordCheck::Right));
}

#[tokio::test]
async fn a_password_is_the_same_however_a_keyboard_composes_it() {
    let hash = quick().hash("Grüße aus Köln").await.unwrap();
    let hashes = PasswordHashes { argon2: Some(hash), bcrypt: None };
    for typed in ["Grüße aus Köln", "Gru\u{308}ße aus Ko\u{308}ln", "Grüße\u{a0}aus\u{3000}Köln"] {
        assert_eq!(quick().check(typed, Some(&hashes)).await, Ok(PasswordCheck::Right), "{typed:?}");
    }
    for typed in ["Grüsse aus Köln", "grüße aus köln", "Grüße aus Köln ", "Grüßeaus Köln"] {
        assert_eq!(quick().check(typed, Some(&hashes)).await, Ok(PasswordCheck::Wrong), "{typed:?}");
    }
}

/// As passwords were hashed before they had one form.
fn as_typed(password: &str) -> String {
    let hasher = quick();
    hasher.memory.hash(&hasher.argon2, password.as_bytes(), &[7; SALT_BYTES]).unwrap().to_string()
}

#[tokio::test]
async fn a_hash_of_before_opens_with_what_was_typed_and_is_renewed() {
    let (composed, apart) = ("Grüße\u{a0}aus Köln", "Gru\u{308}ße\u{a0}aus Ko\u{308}ln");
    for (stored, typed) in [(composed, composed), (apart, apart), (apart, composed), (composed, apart)] {
        for hashes in [
            PasswordHashes { argon2: Some(as_typed(stored)), bcrypt: None },
            PasswordHashes { argon2: Some(as_typed(stored)), ..of_predecessor("another") },
            of_predecessor(stored),
        ] {
            let checked = quick().check(typed, Some(&hashes)).await;
            let Ok(PasswordCheck::RightUpgraded(argon2)) = checked else { panic!("{stored:?} {typed:?}: {checked:?}") };
            let renewed = PasswordHashes { argon2: Some(argon2), bcrypt: None };
            assert_eq!(quick().check("Grüße aus Köln", Some(&renewed)).await, Ok(PasswordCheck::Right));
            assert_eq!(quick().check("Grüße aus Koln", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
        }
    }
}

#[tokio::test]
async fn a_hash_that_the_go_library_made_opens_the_account_however_short_the_password_is() {
    let hash = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";
    let hashes = PasswordHashes { bcrypt: Some(hash.into()), argon2: None };
    assert!(matches!(quick().check("allmine", Some(&hashes)).await, Ok(PasswordCheck::RightUpgraded(_))));
    assert_eq!(quick().check("allmind", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
}

#[tokio::test]
async fn once_there_is_an_argon2_hash_the_old_one_opens_nothing() {
    let argon2 = Some(quick().hash("a new password").await.unwrap());
    let hashes = PasswordHashes { argon2, ..of_predecessor("the old password") };
    assert_eq!(quick().check("the old password", Some(&hashes)).await, Ok(PasswordCheck::Wrong));
}

#[tokio::test]
async fn a_new_password_replaces_the_predecessors_hash_and_makes_none_where_there_was_none() {
    let old = PasswordHashes { argon2: Some("nonsense".into()), ..of_predecessor("the old password") };
    let new = quick().rehash("a new password", &old).await.unwrap();
    let bcrypt = new.bcrypt.clone().unwrap();
    assert!(bcrypt.starts_with("$2a$10$"), "as the predecessor writes it: {bcrypt}");
    let alone = PasswordHashes { bcrypt: Some(bcrypt), argon2: None };
    for hashes in [&new, &alone] {
        assert_ne!(quick().check("a new password", Some(hashes)).await, Ok(PasswordCheck::Wrong));
        assert_eq!(quick().check("the old password", Some(hashes)).await, Ok(PasswordCheck::Wrong));
    }
    assert_eq!(quick().rehash("a new password", &PasswordHashes::default()).await.unwrap().bcrypt, None);
}

#[tokio::test]
async fn an_empty_password_of_the_predecessor_opens_nothing() {
    assert_eq!(quick().check("", Some(&of_predecessor(""))).await, Ok(PasswordCheck::Wrong));
}

#[tokio::test]
async fn a_password_over_72_bytes_works_with_an_old_hash_and_counts_whole_with_a_new_one() {
    let long = "z".repeat(100);
    let check = quick().check(&long, Some(&of_predecessor(&long))).await.unwrap();
    let PasswordCheck::RightUpgraded(argon2) = check else { panic!("not upgraded") };
    let hashes = PasswordHashes { argon2: Some(argon2), bcrypt: None };
    assert_eq!(quick().check(&long[..99], Some(&hashes)).await, Ok(PasswordCheck::Wrong));
}

#[tokio::test]
async fn an_unreadable_hash_is_an_error_not_a_wrong_password() {
    let hashes = PasswordHashes { argon2: Some("nonsense".into()), bcrypt: None };
    assert!(matches!(quick().check("whatever it is", Some(&hashes)).await, Err(PasswordError::Failed(_))));
}

#[tokio::test]
async fn every_check_takes_at_least_the_floor() {
    let hasher = hasher(Duration::from_millis(60));
    let hashes = PasswordHashes { argon2: Some(quick().hash("password of a user").await.unwrap()), bcrypt: None };
    let old = of_predecessor("password of a user");
    for hashes in [None, Some(&hashes), Some(&old)] {
        for password in ["", "wrong", "password of a user"] {
            let began = std::time::Instant::now();
            hasher.check(password, hashes).await.unwrap();
            assert!(began.elapsed() >= Duration::from_millis(60));
        }
    }
}

#[tokio::test]
async fn a_check_takes_the_floor_for_every_form_of_what_was_typed_whoever_it_is() {
    let hasher = hasher(Duration::from_millis(60));
    let old = of_predecessor("password of a user");
    let typed = "Gru\u{308}\u{df}e\u{a0}aus K\u{f6}ln";
    let forms = 1 + u32::try_from(typed::older_forms_of_password(typed).len()).unwrap();
    assert!(forms > 2);
    for hashes in [None, Some(&old)] {
        let began = std::time::Instant::now();
        hasher.check(typed, hashes).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(60) * forms);
    }
}

#[tokio::test]
async fn a_crowd_is_served_in_turn_and_an_endless_one_is_told_to_come_back() {
    let hasher = hasher(Duration::from_millis(30));
    let checks = (0..MAX_WAITING + 5).map(|_| hasher.check("a password", None));
    let outcomes = futures_util::future::join_all(checks).await;
    assert_eq!(outcomes.iter().filter(|o| matches!(o, Err(PasswordError::Busy))).count(), 5);
    assert_eq!(hasher.check("a password", None).await, Ok(PasswordCheck::Wrong));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn hashes_are_computed_in_two_buffers_however_many_and_on_however_many_threads() {
    let hasher = quick();
    let hashes = PasswordHashes { argon2: Some(hasher.hash("a password").await.unwrap()), bcrypt: None };
    for _ in 0..10 {
        let checks = (0..50).map(|n| hasher.check("a password", if n % 2 == 0 { None } else { Some(&hashes) }));
        futures_util::future::join_all(checks).await;
    }
    assert!(hasher.memory.made.load(Ordering::Relaxed) <= AT_A_TIME);
}

#[tokio::test]
async fn what_one_hash_leaves_in_the_memory_changes_no_other() {
    let hasher = quick();
    let small = PasswordHashes { argon2: Some(hasher.hash("a password").await.unwrap()), bcrypt: None };
    let costs = PasswordCosts { memory_kib: 256, passes: 2, floor: Duration::ZERO };
    let dear = PasswordHasher::new(costs, Arc::new(SystemRandom)).unwrap();
    let large = PasswordHashes { argon2: Some(dear.hash("a password").await.unwrap()), bcrypt: None };
    for hashes in [&small, &large, &small, &large] {
        for hasher in [&hasher, &dear] {
            assert_eq!(hasher.check("a password", Some(hashes)).await, Ok(PasswordCheck::Right));
            assert_eq!(hasher.check("another one", Some(hashes)).await, Ok(PasswordCheck::Wrong));
        }
    }
}

#[tokio::test]
async fn a_hash_that_the_library_made_by_itself_is_verified() {
    use argon2::password_hash::PasswordHasher as _;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
    let made = argon2.hash_password_with_salt(b"a password", b"somesaltsomesalt").unwrap().to_string();
    let hashes = PasswordHashes { argon2: Some(made), bcrypt: None };
    assert_eq!(quick().check("a password", Some(&hashes)).await, Ok(PasswordCheck::Right));
}

#[test]
fn short_endless_common_and_telling_passwords_are_refused() {
    for (password, error) in [
        ("", PasswordPolicyError::TooShort),
        ("sevench", PasswordPolicyError::TooShort),
        ("äöüäöüä", PasswordPolicyError::TooShort),
        ("password", PasswordPolicyError::Common),
        ("PassWord123", PasswordPolicyError::Common),
        ("&&&&&&&&&&&", PasswordPolicyError::Common),
        ("Somebody@example.org", PasswordPolicyError::IsEmail),
    ] {
        assert_eq!(check_policy(password, &email()), Err(error), "{password}");
    }
    assert_eq!(check_policy(&"ab".repeat(501), &email()), Err(PasswordPolicyError::TooLong));
    assert_eq!(check_policy(&"ab".repeat(500), &email()), Ok(()));
    assert_eq!(check_policy("äöüßabcd", &email()), Ok(()));
}

#[test]
fn a_password_that_is_little_more_than_a_name_is_refused() {
    for (password, is_refused) in [
        ("somebody1", true),
        ("2024SomeBody!", true),
        ("example-12345", true),
        ("example.org1", true),
        ("My-Pool-2026", true),
        ("somebody else", false),
        ("48151623421", false),
    ] {
        let refused = check_policy_at(password, &email(), &["My pool"]) == Err(PasswordPolicyError::Telling);
        assert_eq!(refused, is_refused, "{password}");
    }
}

#[test]
fn over_ten_thousand_common_passwords_are_refused_in_any_case() {
    assert!(COMMON.lines().count() > 10_000);
    for common in ["Iloveyou123", "QWERTYuiop", "trustno1trustno1", "football1", "1q2w3e4r5t"] {
        let listed = COMMON.lines().any(|line| line == common.to_lowercase());
        assert_eq!(check_policy(common, &email()).is_err(), listed, "{common}");
    }
    let others = COMMON.lines().filter(|line| check_policy(&line.to_uppercase(), &email()).is_ok()).count();
    assert_eq!(others, 0);
}

#[test]
fn the_list_of_common_passwords_is_lower_case_and_long_enough() {
    for line in COMMON.lines() {
        assert_eq!(line, line.to_lowercase());
        assert!(line.chars().count() >= MIN_CHARACTERS, "{line}");
    }
}

proptest! {
    #[test]
    fn no_password_panics(password in ".*") {
        let _ = check_policy(&password, &email());
    }
}
