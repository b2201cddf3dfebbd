//! A form counts only where the visitor's own browser got it from us. Every form of the application is tried.

use std::sync::Arc;
use std::time::Duration;

use stakepool::Parts;
use stakepool_core::accounts::{
    Email, EmailState, SecretToken, StoredSecret, SystemRandom, TotpSecret, TotpStep, User, UserId,
};
use stakepool_core::chain::{ExtendedPubKey, KeyIndex};
use stakepool_core::ports::{
    AccessStore as _, Clock as _, InvitationStore as _, LowFeeStore as _, SecondFactor, SecondFactorStore as _, Slice,
    TokenPurpose, TokenStore as _, UserStore as _,
};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::Verdict;
use stakepool_web::known_routes;
use warp::http::{Method, StatusCode};

use crate::admin::{self, report};
use crate::browser::{Browser, PASSWORD, hidden_token};
use crate::sink::Sink;
use crate::voting::TwoAgendas;
use crate::world::{COLD, Plan, USER_KEY, World};

const VICTIM: (UserId, &str) = (UserId(1), "admin@example.org");
const OTHER: (UserId, &str) = (UserId(2), "other@example.org");
const UNVERIFIED: (UserId, &str) = (UserId(3), "unverified@example.org");
const WITH_DEVICE: (UserId, &str) = (UserId(4), "device@example.org");
const ALL: [(UserId, &str); 4] = [VICTIM, OTHER, UNVERIFIED, WITH_DEVICE];
const TOKENS: [(TokenPurpose, (UserId, &str), &str); 3] = [
    (TokenPurpose::VerifyEmail, UNVERIFIED, UNVERIFIED.1),
    (TokenPurpose::ChangeEmail, VICTIM, "elsewhere@example.org"),
    (TokenPurpose::ResetPassword, OTHER, OTHER.1),
];

/// A world in which every form has something to change.
struct Scene {
    world: World,
    sink: Sink,
    /// An administrator who is signed in.
    victim: Browser,
    /// Signed in, too, and up to no good.
    attacker: Browser,
    /// Between the password and the code.
    half_way: Browser,
    secret: TotpSecret,
    tokens: Vec<(TokenPurpose, SecretToken)>,
}

/// All that a form may change.
#[derive(Debug, PartialEq)]
struct State {
    users: Vec<User>,
    sessions: Vec<Vec<[u8; 32]>>,
    factors: Vec<Option<SecondFactor>>,
    live_tokens: Vec<bool>,
    added: usize,
    invitations: u64,
    letters: usize,
}

impl Scene {
    async fn set() -> Self {
        let sink = Sink::start().await;
        let change_parts: fn(&mut Parts) = |parts| parts.agendas = vec![Arc::new(TwoAgendas)];
        let world = World::of(Plan { mail: Some(sink.address), change_parts, ..admin::plan() }).await;
        for (id, email) in ALL {
            assert_eq!(world.account(email, id == VICTIM.0).await, id);
        }
        let signed_in = async |email| {
            let mut browser = world.browser();
            browser.sign_in(email, PASSWORD).await.location();
            browser
        };
        let (victim, mut attacker) = (signed_in(VICTIM.1).await, signed_in(OTHER.1).await);
        assert_eq!(attacker.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.location(), "/tickets");
        report(&world, 1, TicketState::Live, Verdict::LowFee).await;

        let before = world.database.by_id(UNVERIFIED.0).await.unwrap().unwrap();
        let after = User { email_state: EmailState::Unverified, ..before.clone() };
        world.database.update(&before, &after).await.unwrap();
        let secret = TotpSecret::random(&SystemRandom);
        let stored = StoredSecret::from_bytes(secret.as_bytes());
        world.database.propose_factor(WITH_DEVICE.0, &stored).await.unwrap();
        assert!(world.database.confirm_factor(WITH_DEVICE.0, &stored, TotpStep(0), &[]).await.unwrap());
        let half_way = signed_in(WITH_DEVICE.1).await;
        let expires = world.clock.now().plus(Duration::from_secs(3600));
        let mut tokens = Vec::new();
        for (purpose, (user, _), email) in TOKENS {
            let (token, email) = (SecretToken::random(&SystemRandom), Email::parse(email).unwrap());
            world.database.put(purpose, token.hash(), user, Some(&email), expires).await.unwrap();
            tokens.push((purpose, token));
        }
        Self { world, sink, victim, attacker, half_way, secret, tokens }
    }

    async fn state(&self) -> State {
        let (database, now) = (&self.world.database, self.world.clock.now());
        let (mut sessions, mut factors, mut live_tokens) = (Vec::new(), Vec::new(), Vec::new());
        let users = database.list(UserId(0), 100).await.unwrap();
        for user in &users {
            let of_user = database.sessions_of(user.id, now).await.unwrap();
            sessions.push(of_user.into_iter().map(|(token, _)| token.0).collect());
            factors.push(database.second_factor(user.id).await.unwrap());
        }
        for (purpose, token) in &self.tokens {
            live_tokens.push(database.peek(*purpose, &token.hash(), now).await.unwrap().is_some());
        }
        let added = database.active(now).await.unwrap().len();
        let all = Slice { offset: 0, limit: 0 };
        let invitations = database.invitations(all).await.unwrap().total;
        State { users, sessions, factors, live_tokens, added, invitations, letters: self.sink.count() }
    }

    fn token(&self, purpose: TokenPurpose) -> String {
        self.tokens.iter().find(|(known, _)| *known == purpose).unwrap().1.reveal().to_string()
    }

    /// Fields with which a form changes something.
    fn fields(&self, form: &str) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        let code = || self.secret.code(TotpStep(self.world.clock.now().0 / 30));
        let passwords = || [("password", text(PASSWORD)), ("passwordrepeat", text(PASSWORD))];
        match form {
            "/signin" => vec![("email", text(OTHER.1)), ("password", text(PASSWORD))],
            "/signup" => [vec![("email", text("new@example.org"))], passwords().to_vec()].concat(),
            "/signincode" => vec![("code", code())],
            "/emailverify" => vec![("t", self.token(TokenPurpose::VerifyEmail))],
            "/emailupdate" => vec![("t", self.token(TokenPurpose::ChangeEmail))],
            "/passwordreset" => vec![("email", text(OTHER.1))],
            "/passwordupdate" => [vec![("t", self.token(TokenPurpose::ResetPassword))], passwords().to_vec()].concat(),
            "/twofactor" => vec![("begin", text("1")), ("password", text(PASSWORD))],
            "/logout" => Vec::new(),
            "/settings" => vec![("renewApiKey", text("true")), ("password", text(PASSWORD)), ("code", code())],
            "/address" => {
                let keys = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
                vec![("UserPubKeyAddr", keys.address(KeyIndex(7)).unwrap().to_string())]
            }
            "/voting" => vec![("agenda0", text("4"))],
            "/admintickets" => vec![("action", text("Add")), ("tickets[]", admin::ticket(1).to_string())],
            "/adminuser" => {
                vec![("action", text("disable")), ("id", OTHER.0.to_string()), ("sure", text("1")), ("code", code())]
            }
            "/admininvitations" => vec![("action", text("create")), ("uses", text("1")), ("days", text("14"))],
            other => panic!("{other} is a new form: say here with which fields it changes something"),
        }
    }
}

#[tokio::test]
async fn no_form_does_anything_without_the_token_of_the_visitors_own_browser() {
    let forms: Vec<_> = known_routes()
        .filter(|route| route.method == Method::POST && !route.path.starts_with("/api/"))
        // They show a ticket to who has signed for it, and change nothing.
        .filter(|route| !route.path.starts_with("/vsp/"))
        .map(|route| route.path)
        .collect();
    assert!(forms.len() >= 14, "{forms:?}");
    for form in &forms {
        let mut scene = Scene::set().await;
        let (visitor, page) = match &**form {
            "/signincode" => (scene.half_way.clone(), "/signincode"),
            _ => (scene.victim.clone(), "/settings"),
        };
        let of_attacker = hidden_token(&scene.attacker.get("/settings").await.text()).unwrap();
        let mut stranger = scene.world.browser();
        let of_nobody = hidden_token(&stranger.get("/signup").await.text()).unwrap();
        // Who may set cookies for a sister domain plants a token that they were given themselves.
        let mut planted = visitor.clone();
        planted.cookies.insert("csrf".to_owned(), of_attacker.clone());

        let (fields, before) = (scene.fields(form), scene.state().await);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for (mut browser, token) in [
            (visitor.clone(), None),
            (visitor.clone(), Some("")),
            (visitor.clone(), Some(of_attacker.as_str())),
            (visitor.clone(), Some(of_nobody.as_str())),
            (planted, Some(of_attacker.as_str())),
        ] {
            let mut forged = fields.clone();
            forged.extend(token.map(|token| ("csrf_token", token)));
            let reply = browser.post(form, &forged).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{form}, token {token:?}");
            let text = reply.text();
            assert!(
                text.contains("This form is out of date") && text.contains("Nothing was changed."),
                "{form}: {text}"
            );
        }
        assert_eq!(scene.state().await, before, "{form} did something");

        // The same fields with the browser's own token do it: what was refused above was worth refusing.
        let reply = visitor.clone().submit_with_token_of(page, form, &fields).await;
        let done = async {
            while scene.state().await == before {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(10), done).await;
        assert!(done.is_ok(), "{form} did nothing: {} {}", reply.status, reply.text());
    }
}
