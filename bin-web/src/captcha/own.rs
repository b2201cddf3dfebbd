//! A captcha of our own, without another host, scripts or pictures: a small sum in words.
//!
//! Screen readers read it as they read any label. The answer is not in the page: the token that comes back with the
//! form is signed over it. A token lives for an hour, counts once, and not within the first seconds, and a field that
//! people do not see must stay empty. That stops the robots that fill in every form they find; a person who writes one for
//! this pool meets the limits of tries.

use stakepool::Signer;
use stakepool_core::accounts::SecureRandom;
use stakepool_core::chain::sha256;
use stakepool_core::time::UnixTime;
use stakepool_core::typed::code;

use crate::captcha::error::CaptchaError;
use crate::http::form::Form;

/// How long a question may be answered, in seconds.
const LASTS: i64 = 3600;
/// How long a person needs at least, in seconds.
const AT_LEAST: i64 = 2;

const NONCE_BYTES: usize = 16;
/// The numbers of the questions in words, each at its place: for a client that answers as a person does.
pub const NUMBER_WORDS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Asks questions and checks answers.
#[derive(Debug)]
pub struct Questions {
    signer: Signer,
}

/// A question, and the token that comes back with the answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The token.
    pub token: String,
}

impl Questions {
    /// For what the tokens are signed.
    pub const PURPOSE: &str = "riddle";

    /// Questions whose tokens are signed for [`Questions::PURPOSE`].
    pub const fn new(signer: Signer) -> Self {
        Self { signer }
    }

    /// A new question.
    pub fn ask(&self, random: &dyn SecureRandom, now: UnixTime) -> Question {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let mut dice = [0; 3];
        random.fill(&mut dice);
        let (question, answer) = sum(dice);
        let asked = now.0.to_be_bytes();
        let signature = self.signer.sign(&[&nonce, &asked, &[answer]]);
        let token = format!("{}{}{}", hex::encode(nonce), hex::encode(asked), hex::encode(signature));
        Question { question, token }
    }

    /// A new question for one who has shown to be no robot: it may be answered at once.
    pub fn ask_patient(&self, random: &dyn SecureRandom, now: UnixTime) -> Question {
        self.ask(random, UnixTime(now.0.saturating_sub(AT_LEAST)))
    }

    /// Checks an answer. What is right counts once: the caller must see to it by the key, which may be forgotten at the
    /// time beside it.
    ///
    /// # Errors
    /// [`CaptchaError`].
    pub fn check(&self, form: &Form, now: UnixTime) -> Result<([u8; 32], UnixTime), CaptchaError> {
        // Nobody sees this field; robots fill it in.
        if !form.text("website").is_empty() {
            return Err(CaptchaError::Wrong);
        }
        let token = hex::decode(form.text("captcha_token")).map_err(|_| CaptchaError::Wrong)?;
        let (nonce, rest) = token.split_at_checked(NONCE_BYTES).ok_or(CaptchaError::Wrong)?;
        let (asked, signature) = rest.split_first_chunk::<8>().ok_or(CaptchaError::Wrong)?;
        let answer = number(form.text("captcha_answer")).ok_or(CaptchaError::Wrong)?;
        if !self.signer.is_right(&[nonce, asked, &[answer]], signature) {
            return Err(CaptchaError::Wrong);
        }
        let asked = i64::from_be_bytes(*asked);
        let age = now.0.saturating_sub(asked);
        if age >= LASTS {
            return Err(CaptchaError::Stale);
        }
        if age < AT_LEAST {
            return Err(CaptchaError::TooFast);
        }
        Ok((sha256(&token), UnixTime(asked.saturating_add(LASTS))))
    }
}

/// A sum in words and its answer, from 0 to 20.
fn sum([kind, one, two]: [u8; 3]) -> (String, u8) {
    let (a, b) = (one % 11, two % 10);
    let word = |n: u8| NUMBER_WORDS.get(usize::from(n)).copied().unwrap_or_default();
    match kind % 3 {
        0 => (format!("How much is {} plus {}?", word(a), word(b)), a + b),
        1 => (format!("How much is {} minus {}?", word(a + b), word(b)), a),
        _ => (format!("Which number comes right after {}?", word(a + b)), a + b + 1),
    }
}

/// A number in digits or in words.
fn number(text: &str) -> Option<u8> {
    let text = code(text).to_lowercase();
    let in_words = || NUMBER_WORDS.iter().position(|word| *word == text).and_then(|at| u8::try_from(at).ok());
    text.parse().ok().or_else(in_words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stakepool_core::accounts::SystemRandom;
    use stakepool_core::secret::Secret;

    const NOW: UnixTime = UnixTime(1_700_000_000);

    fn questions() -> Questions {
        Questions::new(Signer::new(&Secret::new("secret"), Questions::PURPOSE))
    }

    fn form(token: &str, answer: &str, website: &str) -> Form {
        let pairs = [("captcha_token", token), ("captcha_answer", answer), ("website", website)];
        Form::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    /// A question and its answer.
    fn solved() -> (Question, u8) {
        let question = questions().ask(&SystemRandom, NOW);
        let later = UnixTime(NOW.0 + AT_LEAST);
        let answer = (0..=21).find(|n| questions().check(&form(&question.token, &n.to_string(), ""), later).is_ok());
        (question, answer.unwrap())
    }

    #[test]
    fn one_answer_is_right_for_a_while() {
        let (question, answer) = solved();
        let check =
            |seconds, answer: &str| questions().check(&form(&question.token, answer, ""), UnixTime(NOW.0 + seconds));
        assert!(check(LASTS - 1, &answer.to_string()).is_ok());
        assert_eq!(check(LASTS, &answer.to_string()), Err(CaptchaError::Stale));
        assert_eq!(check(AT_LEAST - 1, &answer.to_string()), Err(CaptchaError::TooFast));
        assert_eq!(check(10, &(answer + 1).to_string()), Err(CaptchaError::Wrong));
        assert_eq!(check(10, ""), Err(CaptchaError::Wrong));
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        let wide: String = answer.to_string().chars().map(wide).collect();
        assert!(check(10, &format!("\u{200b}{wide}\u{3000}")).is_ok(), "{wide}");
        if let Some(word) = NUMBER_WORDS.get(usize::from(answer)) {
            assert!(check(10, &format!(" {} ", word.to_uppercase())).is_ok());
        }
    }

    #[test]
    fn who_has_waited_once_waits_no_second_time() {
        let question = questions().ask_patient(&SystemRandom, NOW);
        let answers = (0..=21).filter(|n| questions().check(&form(&question.token, &n.to_string(), ""), NOW).is_ok());
        assert_eq!(answers.count(), 1);
    }

    #[test]
    fn a_robot_that_fills_in_everything_is_refused() {
        let (question, answer) = solved();
        let later = UnixTime(NOW.0 + 10);
        let refused = questions().check(&form(&question.token, &answer.to_string(), "http://x"), later);
        assert_eq!(refused, Err(CaptchaError::Wrong));
    }

    #[test]
    fn sums_stay_within_the_words() {
        for kind in 0..3 {
            for (one, two) in (0..=255).flat_map(|one| [0, 9, 255].map(|two| (one, two))) {
                let (question, answer) = sum([kind, one, two]);
                assert!(answer <= 20 && !question.contains("  ") && !question.contains(" ?"), "{question} {answer}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_is_an_answer_and_none_panics(token in "[0-9a-f]{0,120}|.*", answer in ".*") {
            prop_assert!(questions().check(&form(&token, &answer, ""), NOW).is_err());
        }
    }
}
