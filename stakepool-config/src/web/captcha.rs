//! How sign-up is protected from robots.

use crate::reader::Reader;
use stakepool_core::secret::Secret;

/// How sign-up is protected from robots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captcha {
    /// By a puzzle of our own.
    Own,
    /// By Google's reCAPTCHA.
    Recaptcha {
        /// The public key.
        site_key: String,
        /// The secret.
        secret: Secret,
    },
    /// Not at all.
    None,
}

/// Google's site key for tests, which the predecessor has by default: it lets everybody through.
const TEST_SITE_KEY: &str = "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI";

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Captcha> {
    let wish = reader.text("captcha");
    let site_key = reader.text("recaptchasitekey");
    let secret = reader.secret("recaptchasecret");
    let test_key = site_key.as_deref() == Some(TEST_SITE_KEY);
    match (wish.as_deref(), site_key, secret) {
        (Some("own"), ..) => Some(Captcha::Own),
        (Some("none"), ..) => Some(Captcha::None),
        (None, Some(_), Some(_)) if test_key => {
            reader.warn(
                "recaptchasitekey is Google's key for tests, which lets every robot through: our own captcha is used instead; \
                 set keys of your own, or captcha=own",
            );
            Some(Captcha::Own)
        }
        (Some("recaptcha") | None, Some(site_key), Some(secret)) => {
            if test_key {
                reader.warn("recaptchasitekey is Google's key for tests, which lets every robot through");
            }
            Some(Captcha::Recaptcha { site_key, secret })
        }
        (Some("recaptcha"), site_key, secret) => {
            if site_key.is_none() {
                reader.missing("recaptchasitekey");
            }
            if secret.is_none() && reader.text("recaptchasecret").is_none() {
                reader.missing("recaptchasecret");
            }
            None
        }
        (None, None, None) => Some(Captcha::Own),
        (None, ..) => {
            reader.warn("only one of recaptchasitekey and recaptchasecret is set: our own captcha is used");
            Some(Captcha::Own)
        }
        (Some(other), ..) => {
            reader.refuse("captcha", format!("`{other}` is not a kind of captcha: write own, recaptcha or none"));
            None
        }
    }
}
