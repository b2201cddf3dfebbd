//! Pages made of templates: the built-in ones, each replaceable by a file of the operator.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use stakepool_core::sanitize::is_hidden;
use tera::{Context, Kwargs, State, Tera, escape_html};

use super::amounts;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// The built-in templates.
const BUILT_IN: &[(&str, &str)] = built_in![
    "base.html.tera",
    "home.html.tera",
    "signup.html.tera",
    "signin.html.tera",
    "signout.html.tera",
    "settings.html.tera",
    "address.html.tera",
    "start.html.tera",
    "setup.html.tera",
    "wallets.html.tera",
    "adminincome.html.tera",
    "tickets.html.tera",
    "ticketsnav.html.tera",
    "ticketlist.html.tera",
    "ticketrows.html.tera",
    "pager.html.tera",
    "buy.html.tera",
    "backup.html.tera",
    "ticket.html.tera",
    "stats.html.tera",
    "chart.html.tera",
    "voting.html.tera",
    "vsp.html.tera",
    "vspticket.html.tera",
    "vspclaims.html.tera",
    "error.html.tera",
    "adminnav.html.tera",
    "adminpages.html.tera",
    "status.html.tera",
    "statusbody.html.tera",
    "admintickets.html.tera",
    "adminusers.html.tera",
    "adminuser.html.tera",
    "adminvotes.html.tera",
    "adminvsp.html.tera",
    "adminvsprows.html.tera",
    "adminaudit.html.tera",
    "admininvitations.html.tera",
    "adminmail.html.tera",
    "captcha.html.tera",
    "fault.html.tera",
    "username.html.tera",
    "passwordfield.html.tera",
    "codefield.html.tera",
    "signincode.html.tera",
    "emailverify.html.tera",
    "emailresend.html.tera",
    "emailupdate.html.tera",
    "passwordreset.html.tera",
    "passwordupdate.html.tera",
    "twofactor.html.tera",
    "told.html.tera",
];

/// The ending of templates.
const ENDING: &str = ".html.tera";

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A file of the operator cannot be read.
    #[error("template {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A template is wrong.
    #[error("a template is wrong: {0}")]
    Template(#[from] tera::Error),
    /// A page cannot be made with a set of templates that is tried out.
    #[error("the page of template {page} cannot be made: {error}")]
    Page {
        /// The page's template; the error names the one that is wrong, which may be another.
        page: &'static str,
        /// What is wrong, and where.
        error: tera::Error,
    },
}

impl RenderError {
    /// The error in a single line, for a log.
    pub fn one_line(&self) -> String {
        self.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What a page may hold, to try templates with.
#[derive(Debug)]
pub struct Sample {
    page: &'static str,
    content: tera::Value,
}

impl Sample {
    /// A page of a template.
    pub fn new(page: &'static str, content: &impl Serialize) -> Self {
        Self { page, content: tera::Value::from_serializable(content) }
    }
}

/// A whole set of templates, ready to be filled in.
#[derive(Clone, Debug)]
pub struct Templates(Arc<Compiled>);

impl Templates {
    /// Fills a template in.
    fn render(&self, template: &str, frame: &Context, page: &impl Serialize) -> Result<String, tera::Error> {
        let mut context = frame.clone();
        context.insert("page", page);
        self.0.0.render(template, &context)
    }

    /// Whether a page can be made.
    ///
    /// # Errors
    /// [`RenderError::Page`].
    pub fn try_page(&self, sample: &Sample, frame: &Context) -> Result<(), RenderError> {
        let page = sample.page;
        self.render(page, frame, &sample.content).map(drop).map_err(|error| RenderError::Page { page, error })
    }
}

/// Compiles the templates once and fills them in.
#[derive(Debug)]
pub struct Renderer {
    folder: Option<PathBuf>,
    templates: RwLock<Templates>,
}

struct Compiled(Tera);

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.get_template_names()).finish()
    }
}

impl Renderer {
    /// Compiles the built-in templates and those of a folder.
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn new(folder: Option<PathBuf>) -> Result<Self, RenderError> {
        let templates = RwLock::new(compile(folder.as_deref())?);
        Ok(Self { folder, templates })
    }

    /// Compiles the templates anew; those in use stay until [`Renderer::replace`].
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn read(&self) -> Result<Templates, RenderError> {
        compile(self.folder.as_deref())
    }

    /// Uses other templates from now on.
    pub fn replace(&self, templates: Templates) {
        *self.templates.write().unwrap_or_else(PoisonError::into_inner) = templates;
    }

    /// The templates in use.
    pub fn templates(&self) -> Templates {
        self.templates.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fills a template in. Nothing is sent before the whole page is made.
    ///
    /// # Errors
    /// [`RenderError::Template`].
    pub fn render(&self, template: &str, frame: &Context, page: &impl Serialize) -> Result<String, RenderError> {
        Ok(self.templates().render(template, frame, page)?)
    }
}

fn compile(folder: Option<&Path>) -> Result<Templates, RenderError> {
    let mut tera = Tera::new();
    tera.autoescape_on([ENDING]);
    tera.set_escape_fn(escape);
    tera.register_filter("grouped", grouped);
    let mut sources: Vec<(String, String)> =
        BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    if let Some(folder) = folder {
        sources.extend(of_folder(folder)?);
    }
    tera.add_raw_templates(sources)?;
    Ok(Templates(Arc::new(Compiled(tera))))
}

/// The filter `grouped`: a whole number with its thousands apart.
fn grouped(number: u64, _: Kwargs, _: &State) -> String {
    amounts::grouped(&number.to_string())
}

/// Writes a value into a page: as text, and with the characters written out that are not seen or turn the order of
/// others, but for those that join letters and pictures in many languages.
fn escape(value: &str, out: &mut dyn Write) -> io::Result<()> {
    let is_misleading =
        |c: char| is_hidden(c) && !matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    if !value.contains(is_misleading) {
        return escape_html(value, out);
    }
    let mut shown = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        if is_misleading(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    escape_html(&shown, out)
}

/// The templates of the operator's folder; a later one of a name replaces the built-in one. A folder without any, such
/// as the predecessor's, or one that is gone, is logged and does not stop the pool.
fn of_folder(folder: &Path) -> Result<Vec<(String, String)>, RenderError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| RenderError::Unreadable { path, error }
    };
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            tracing::warn!(folder = %folder.display(), %error, "templatepath is no folder; the built-in templates are used");
            return Ok(found);
        }
        entries => entries.map_err(unreadable(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(ENDING)) else {
            continue;
        };
        found.push((name.to_owned(), std::fs::read_to_string(&path).map_err(unreadable(&path))?));
    }
    if found.is_empty() {
        tracing::warn!(folder = %folder.display(), "templatepath holds no *.html.tera; the built-in templates are used");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_of_the_operator_replaces_the_built_in_one_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home.html.tera");
        std::fs::write(&file, "hello {{ page.name }}").unwrap();
        let renderer = Renderer::new(Some(folder.path().to_owned())).unwrap();
        let home = || renderer.render("home.html.tera", &Context::new(), &serde_json::json!({"name": "<b>"}));
        assert_eq!(home().unwrap(), "hello &lt;b&gt;");
        std::fs::write(&file, "{% if %}").unwrap();
        assert!(renderer.read().is_err());
        assert_eq!(home().unwrap(), "hello &lt;b&gt;");
        std::fs::remove_file(&file).unwrap();
        renderer.replace(renderer.read().unwrap());
        assert!(home().is_err(), "the built-in page needs more than a name");
    }

    #[test]
    fn a_value_cannot_turn_or_hide_what_a_page_shows() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("home.html.tera"), "{{ page.name }}").unwrap();
        let renderer = Renderer::new(Some(folder.path().to_owned())).unwrap();
        let shown = |name: &str| {
            renderer.render("home.html.tera", &Context::new(), &serde_json::json!({ "name": name })).unwrap()
        };
        assert_eq!(shown("<a\u{202e}b\u{2066}c\u{200b}>"), r"&lt;a\u{202e}b\u{2066}c\u{200b}&gt;");
        let emoji = "two\nlines, \u{1f468}\u{200d}\u{1f33e} می\u{200c}خواهم";
        assert_eq!(shown(emoji), emoji, "words and pictures of many languages stay whole");
    }

    #[test]
    fn a_name_that_no_page_has_is_found_with_its_template_and_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("home.html.tera"), "One\n{{ page.nmae }}\n").unwrap();
        let templates = Renderer::new(Some(folder.path().to_owned())).unwrap().templates();
        let sample = Sample::new("home.html.tera", &serde_json::json!({"name": 1}));
        let error = templates.try_page(&sample, &Context::new()).unwrap_err().one_line();
        assert!(error.contains("home.html.tera:2") && error.contains("nmae"), "{error}");
        assert!(templates.try_page(&Sample { page: "told.html.tera", ..sample }, &Context::new()).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_does_not_stop_the_pool() {
        assert!(Renderer::new(Some("/no/such/folder".into())).is_ok());
        assert!(Renderer::new(Some(file!().into())).is_ok());
    }
}
