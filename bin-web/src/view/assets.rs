//! Style sheet and images: built in, and replaced or joined by the operator's files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use hyper::body::Bytes;
use stakepool_core::chain::sha256;
use warp::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

use super::encoding::{accepts, pack};

const BUILT_IN: [(&str, &[u8]); 5] = [
    ("style.css", include_bytes!("../../assets/style.css")),
    ("copy.js", include_bytes!("../../assets/copy.js")),
    ("live.js", include_bytes!("../../assets/live.js")),
    ("icon.svg", include_bytes!("../../assets/icon.svg")),
    ("touch-icon.png", include_bytes!("../../assets/touch-icon.png")),
];

/// The built-in files, compressed once for all.
static READY: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    BUILT_IN.iter().map(|(name, bytes)| ((*name).to_owned(), Asset::new(name, Bytes::from_static(bytes)))).collect()
});

/// The largest text that is kept packed as well.
const MAX_PACKED: usize = 1 << 20;

/// The largest file and the most files of the operator that are taken into memory.
const MAX_FILE: u64 = 8 << 20;
const MAX_FILES: usize = 1000;

/// What `robots.txt` says: the front page may be found, accounts and the API are of no use to a search engine.
pub const ROBOTS: &str =
    "User-agent: *\nDisallow: /api/\nDisallow: /settings\nDisallow: /tickets\nDisallow: /address\n";

#[derive(Clone, Debug)]
struct Asset {
    kind: &'static str,
    bytes: Bytes,
    /// The same, smaller, by the name of the encoding; the smallest first. Empty where that saves nothing.
    packed: Vec<(&'static str, Bytes)>,
    tag: HeaderValue,
}

/// The files under `/assets/`, all in memory: a request never touches the disk.
#[derive(Debug)]
pub struct Assets {
    folder: Option<PathBuf>,
    files: RwLock<Arc<HashMap<String, Asset>>>,
}

impl Assets {
    /// The built-in files and those of a folder.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let assets = Self { folder, files: RwLock::default() };
        assets.reload();
        assets
    }

    /// Reads the folder again.
    pub fn reload(&self) {
        let mut files = READY.clone();
        match &self.folder {
            Some(folder) if is_ours(folder) => add_folder(&mut files, folder, ""),
            Some(folder) => tracing::warn!(
                folder = %folder.display(),
                "publicpath holds neither style.css, icon.svg nor a file named manifest, so it is not meant for this \
                 program; the built-in files are used"
            ),
            None => {}
        }
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(files);
    }

    /// The address of a file, which changes with its contents, so that browsers may keep it for good.
    pub fn url(&self, name: &str) -> String {
        match self.all().get(name).and_then(Asset::hash) {
            Some(hash) => format!("/assets/{name}?v={hash}"),
            None => format!("/assets/{name}"),
        }
    }

    /// Answers with a file; `None` where there is none. Only what has the hash in its `query` that [`Assets::url`] gives
    /// may be kept for good: another instance may have another version of the file.
    pub fn answer(&self, name: &str, query: &str, headers: &HeaderMap) -> Option<Response> {
        let asset = self.all().get(name)?.clone();
        let versioned = query.strip_prefix("v=").is_some_and(|hash| asset.has_hash(hash));
        let known = has_already(headers, &asset.tag);
        let packed = asset.packed.iter().find(|(encoding, _)| accepts(headers, encoding));
        let (encoding, bytes) =
            packed.map_or((None, asset.bytes.clone()), |(encoding, bytes)| (Some(*encoding), bytes.clone()));
        let mut response = if known { Response::default() } else { Response::new(bytes.into()) };
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let keep = if versioned { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
        let headers = response.headers_mut();
        if let Some(encoding) = encoding.filter(|_| !known) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if !asset.packed.is_empty() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(ETAG, asset.tag);
        Some(response)
    }

    fn all(&self) -> Arc<HashMap<String, Asset>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Asset {
    fn new(name: &str, bytes: Bytes) -> Self {
        // Weak, since the same file goes out in several encodings.
        let tag = format!("W/\"{}\"", hex::encode(&sha256(&bytes)[..8]));
        let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        let kind = kind_of(name);
        let packed = if is_text(kind) && bytes.len() <= MAX_PACKED { pack(&bytes) } else { Vec::new() };
        Self { kind, bytes, packed, tag }
    }

    fn has_hash(&self, hash: &str) -> bool {
        self.hash() == Some(hash)
    }

    fn hash(&self) -> Option<&str> {
        self.tag.to_str().ok()?.strip_prefix("W/\"")?.strip_suffix('"')
    }
}

/// Whether a browser has the file with this tag: one of several may be it, and `*` is any (RFC 9110, 13.1.2).
fn has_already(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let ours = opaque(tag.to_str().unwrap_or_default());
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == ours)
}

/// Whether a kind of file gets smaller by packing.
fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind == "image/svg+xml"
}

/// Whether a folder was made for this program: the predecessor's holds files of other names.
fn is_ours(folder: &Path) -> bool {
    BUILT_IN.iter().map(|(name, _)| *name).chain(["manifest"]).any(|name| folder.join(name).is_file())
}

fn add_folder(files: &mut HashMap<String, Asset>, folder: &Path, prefix: &str) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "publicpath cannot be read; the built-in files are used");
            return;
        }
    };
    for entry in entries.flatten() {
        let (path, Ok(name)) = (entry.path(), entry.file_name().into_string()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        match entry.metadata() {
            Ok(kind) if kind.is_dir() && prefix.matches('/').count() < 4 => {
                add_folder(files, &path, &format!("{name}/"));
            }
            Ok(kind) if kind.is_file() && kind.len() <= MAX_FILE && files.len() < MAX_FILES => {
                match std::fs::read(&path) {
                    Ok(bytes) => drop(files.insert(name.clone(), Asset::new(&name, bytes.into()))),
                    Err(error) => tracing::warn!(file = %path.display(), %error, "an asset cannot be read"),
                }
            }
            _ => tracing::warn!(file = %path.display(), "an asset is too large, too deep or one too many; left out"),
        }
    }
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_operator_replaces_the_built_in_one_and_new_ones_join() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("style.css"), "body{}").unwrap();
        std::fs::create_dir(folder.path().join("images")).unwrap();
        std::fs::write(folder.path().join("images/logo.png"), "png").unwrap();
        std::fs::write(folder.path().join(".secret"), "no").unwrap();
        let assets = Assets::new(Some(folder.path().to_owned()));
        let built_in = Assets::new(None);
        assert_ne!(assets.url("style.css"), built_in.url("style.css"));
        let kind = |name| assets.answer(name, "", &HeaderMap::new()).map(|r| r.headers()[CONTENT_TYPE].clone());
        assert_eq!(kind("images/logo.png").unwrap(), "image/png");
        assert!(kind("icon.svg").is_some());
        for none in [".secret", "images", "images/", "../style.css", "none.css", ""] {
            assert!(kind(none).is_none(), "{none}");
        }
    }

    #[test]
    fn reading_again_finds_new_files_changed_ones_and_those_that_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (style, logo) = (folder.path().join("style.css"), folder.path().join("logo.svg"));
        std::fs::write(&style, "body{}").unwrap();
        let assets = Assets::new(Some(folder.path().to_owned()));
        let (first, built_in) = (assets.url("style.css"), Assets::new(None).url("style.css"));
        std::fs::write(&style, "body{color:red}").unwrap();
        std::fs::write(&logo, "<svg/>").unwrap();
        let has_logo = || assets.answer("logo.svg", "", &HeaderMap::new()).is_some();
        assert!(assets.url("style.css") == first && !has_logo(), "nothing is read before");
        assets.reload();
        assert!(assets.url("style.css") != first && assets.url("style.css") != built_in && has_logo());
        std::fs::remove_file(&style).unwrap();
        std::fs::write(folder.path().join("manifest"), "").unwrap();
        std::fs::remove_file(&logo).unwrap();
        assets.reload();
        assert!(assets.url("style.css") == built_in && !has_logo());
    }

    #[test]
    fn a_folder_of_the_predecessor_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("css")).unwrap();
        std::fs::write(folder.path().join("css/styles.css"), "body{}").unwrap();
        let shows = |name| Assets::new(Some(folder.path().to_owned())).answer(name, "", &HeaderMap::new()).is_some();
        assert!(shows("style.css") && !shows("css/styles.css"));
        std::fs::write(folder.path().join("manifest"), "").unwrap();
        assert!(shows("style.css") && shows("css/styles.css"));
    }

    #[test]
    fn a_browser_that_has_the_file_gets_no_body() {
        let assets = Assets::new(None);
        let first = assets.answer("style.css", "", &HeaderMap::new()).unwrap();
        let mut headers = HeaderMap::new();
        let tag = first.headers()[ETAG].to_str().unwrap();
        for (asked, status) in [
            (tag.to_owned(), StatusCode::NOT_MODIFIED),
            (format!("\"other\", {}", tag.trim_start_matches("W/")), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"other\"".to_owned(), StatusCode::OK),
        ] {
            headers.insert(IF_NONE_MATCH, asked.parse().unwrap());
            assert_eq!(assets.answer("style.css", "", &headers).unwrap().status(), status, "{asked}");
        }
    }

    #[test]
    fn only_the_version_that_is_here_may_be_kept_for_good() {
        let assets = Assets::new(None);
        let url = assets.url("style.css");
        let (_, query) = url.split_once('?').unwrap();
        for (query, kept) in [(query, true), ("v=0123456789abcdef", false), ("", false), ("v=", false)] {
            let response = assets.answer("style.css", query, &HeaderMap::new()).unwrap();
            let cache = response.headers()[CACHE_CONTROL].to_str().unwrap().to_owned();
            assert_eq!(cache.contains("immutable"), kept, "{query}");
        }
    }

    #[test]
    fn a_text_goes_out_in_the_smallest_encoding_that_the_browser_takes() {
        let assets = Assets::new(None);
        for (accepted, sent) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=0.5, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("identity", None),
            ("br;q=nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(warp::http::header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            let response = assets.answer("style.css", "", &headers).unwrap();
            let encoding = response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(encoding, sent, "{accepted}");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
        }
    }
}
