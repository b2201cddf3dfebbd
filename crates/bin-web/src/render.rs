//! Pages made of templates: the built-in ones, each replaceable by a file of the operator.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use tera::{Context, Tera};

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name)))),*]
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
    "tickets.html.tera",
    "stats.html.tera",
    "chart.html.tera",
    "voting.html.tera",
    "error.html.tera",
    "adminnav.html.tera",
    "adminpages.html.tera",
    "status.html.tera",
    "admintickets.html.tera",
    "adminusers.html.tera",
    "adminuser.html.tera",
    "adminvotes.html.tera",
    "adminaudit.html.tera",
    "captcha.html.tera",
    "signincode.html.tera",
    "emailverify.html.tera",
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
}

/// Compiles the templates once and fills them in.
#[derive(Debug)]
pub struct Renderer {
    folder: Option<PathBuf>,
    compiled: RwLock<Arc<Compiled>>,
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
        let compiled = RwLock::new(Arc::new(compile(folder.as_deref())?));
        Ok(Self { folder, compiled })
    }

    /// Compiles the templates anew. Where one is wrong, the old ones stay.
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn reload(&self) -> Result<(), RenderError> {
        let compiled = Arc::new(compile(self.folder.as_deref())?);
        *self.compiled.write().unwrap_or_else(PoisonError::into_inner) = compiled;
        Ok(())
    }

    /// Fills a template in. Nothing is sent before the whole page is made.
    ///
    /// # Errors
    /// [`RenderError::Template`].
    pub fn render(&self, template: &str, frame: &Context, page: &impl Serialize) -> Result<String, RenderError> {
        let compiled = self.compiled.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut context = frame.clone();
        context.insert("page", page);
        Ok(compiled.0.render(template, &context)?)
    }
}

fn compile(folder: Option<&Path>) -> Result<Compiled, RenderError> {
    let mut tera = Tera::new();
    tera.autoescape_on([ENDING]);
    let mut sources: Vec<(String, String)> =
        BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    if let Some(folder) = folder {
        sources.extend(of_folder(folder)?);
    }
    tera.add_raw_templates(sources)?;
    Ok(Compiled(tera))
}

/// The templates of the operator's folder; a later one of a name replaces the built-in one.
fn of_folder(folder: &Path) -> Result<Vec<(String, String)>, RenderError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| RenderError::Unreadable { path, error }
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
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
        assert!(renderer.reload().is_err());
        assert_eq!(home().unwrap(), "hello &lt;b&gt;");
        std::fs::remove_file(&file).unwrap();
        renderer.reload().unwrap();
        assert!(home().is_err(), "the built-in page needs more than a name");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Renderer::new(Some("/no/such/folder".into())).unwrap_err().to_string();
        assert!(error.contains("/no/such/folder"), "{error}");
    }
}
