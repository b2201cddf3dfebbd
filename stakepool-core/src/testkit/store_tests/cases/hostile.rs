//! Texts that try to be more than texts.

use crate::accounts::{Email, PasswordHashes};
use crate::ports::{
    AuditEntry, AuditStore, EventCursor, LedgerStore, NewUser, Session, SessionStore, SessionToken, TokenPurpose,
    TokenStore, UserStore,
};
use crate::reports::{VoteOutcome, VoteRecord};

use crate::testkit::samples::{NOW, bytes, later, new_user, session, vote};
use crate::testkit::store_tests::fixture::Fixture;

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'; DROP TABLE Users; --",
        "\" OR \"\"=\"",
        "\\' OR 1=1 #",
        "%_*?[a-z]",
        "a\0b",
        "a\r\n2026-11-22 [INF] forged",
        "\u{202e}\u{feff}😀 é e\u{301}",
        "NULL",
        "0x41",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("long ".repeat(20_000));
    texts
}

pub(crate) async fn any_text_comes_back_as_it_was<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for (text, number) in texts().iter().zip(0..) {
        // What names something is no longer than an e-mail address can be.
        let name: String = text.chars().take(250).collect();
        let email = Email::from_store(name.trim().to_lowercase());
        let password = PasswordHashes { bcrypt: Some(text.clone()), argon2: Some(text.clone()) };
        let user =
            stores.create(NewUser { email: email.clone(), password, ..new_user("x@example.org") }).await.unwrap();
        let found = stores.by_email(&email).await.unwrap().unwrap();
        assert_eq!((found.id, &found.email), (user, &email));
        assert_eq!((found.password.bcrypt.as_ref(), found.password.argon2.as_ref()), (Some(text), Some(text)));

        stores.put(TokenPurpose::ChangeEmail, bytes(number), user, Some(&email), later(60)).await.unwrap();
        assert_eq!(stores.take(TokenPurpose::ChangeEmail, &bytes(number), NOW).await, Ok(Some((user, Some(email)))));

        let with_client = Session { client: text.clone(), ..session(user) };
        stores.begin(&SessionToken(bytes(number)), &with_client).await.unwrap();
        assert_eq!(stores.find(&SessionToken(bytes(number)), NOW).await, Ok(Some(with_client)));

        let [actor, action, subject, detail] = [(); 4].map(|()| text.clone());
        let entry = AuditEntry { at: NOW, actor, action, subject, detail };
        stores.append(&entry).await.unwrap();
        assert_eq!(stores.latest(1).await, Ok(vec![entry]));

        let record = VoteRecord { outcome: VoteOutcome::Failed(text.clone()), ..vote(number, 1, 1) };
        stores.put_votes(&name, std::slice::from_ref(&record)).await.unwrap();
        let votes = stores.votes(Some(&record.ticket), 9).await.unwrap();
        assert_eq!((&votes[0].daemon, &votes[0].record), (&name, &record));

        stores.set_cursor(&name, EventCursor { epoch: 1, seq: number.into() }).await.unwrap();
        assert_eq!(stores.cursor(&name).await, Ok(Some(EventCursor { epoch: 1, seq: number.into() })));
    }
    assert_eq!(stores.counts().await.unwrap().0, texts().len() as u64);
}
