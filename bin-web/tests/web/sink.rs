//! A mail server that keeps what it gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Letter {
    /// The page that the letter's link leads to, with its token.
    pub fn link(&self) -> String {
        let (_, rest) = self.text.split_once("http://pool.example").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// The token in the link.
    pub fn token(&self) -> String {
        self.link().split_once("?t=").unwrap().1.to_owned()
    }
}

/// The server.
pub struct Sink {
    pub address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let letters = Arc::<Mutex<Vec<_>>>::default();
        let kept = letters.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move { converse(stream, &kept).await });
            }
        });
        Self { address, letters }
    }

    /// Everything that came for an address.
    pub fn all_to(&self, to: &str) -> Vec<Letter> {
        self.letters.lock().unwrap().iter().filter(|letter| letter.to == to).cloned().collect()
    }

    /// How many letters came.
    pub fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }

    /// The latest letter to an address whose subject holds a word, within ten seconds.
    pub async fn letter(&self, to: &str, word: &str) -> Letter {
        for _ in 0..1000 {
            if let Some(letter) = self.all_to(to).into_iter().rev().find(|letter| letter.subject.contains(word)) {
                return letter;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no letter `{word}` to {to}: {:?}", self.letters.lock().unwrap());
    }
}

async fn converse(stream: TcpStream, letters: &Mutex<Vec<Letter>>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await.ok()?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await.ok()? {
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("DATA") {
            write.write_all(b"354 go on\r\n").await.ok()?;
            let mut data = Vec::new();
            while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                data.push(line.strip_prefix('.').map_or_else(|| line.clone(), str::to_owned));
            }
            letters.lock().unwrap().push(read_letter(&to, &data));
            "250 kept"
        } else if let Some(rest) = command.strip_prefix("RCPT TO:<") {
            to = rest.split('>').next().unwrap_or_default().to_lowercase();
            "250 ok"
        } else if command.starts_with("QUIT") {
            write.write_all(b"221 bye\r\n").await.ok()?;
            return Some(());
        } else {
            "250 ok"
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}

fn read_letter(to: &str, data: &[String]) -> Letter {
    let empty = data.iter().position(String::is_empty).unwrap();
    let header =
        |name: &str| data[..empty].iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let text = data[empty + 1..].join("\n");
    let text = match header("Content-Transfer-Encoding: ").as_str() {
        // The sign itself last: before a token that begins with 20 it would make a blank of both.
        "quoted-printable" => text.replace("=\n", "").replace("=20", " ").replace("=3D", "="),
        other => {
            assert_eq!(other, "7bit", "texts are plain ASCII");
            text
        }
    };
    Letter { to: to.to_owned(), subject: header("Subject: "), text }
}

#[test]
fn a_token_that_begins_with_20_is_read_whole() {
    let data = ["Content-Transfer-Encoding: quoted-printable", "", "http://pool.example/emailverify?t=3D20=", "ab=20"];
    let letter = read_letter("alice@example.org", &data.map(str::to_owned));
    assert_eq!((letter.link().as_str(), letter.token().as_str()), ("/emailverify?t=20ab", "20ab"));
}
