//! A headless Chromium, driven over the WebDriver protocol (W3C WebDriver §6).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A browser with one window; both end with this value.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// `None`, with a line that says so, where there is no Chromium.
    #[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
    pub(crate) fn start(test: &str) -> Option<Self> {
        let has = |program: &str| {
            Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
        };
        if !has("chromium") || !has("chromedriver") {
            eprintln!("ignored: {test}: chromium and chromedriver are not here");
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        // Whatever else it says must find an open pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self { driver, port, session: String::new(), _profile: profile };
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-proxy-server".to_owned(),
            "--disable-background-networking".to_owned(),
            format!("--user-data-dir={}", browser._profile.path().join("profile").display()),
        ];
        let session = browser.command(
            "POST",
            "",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                // The authority of the lab is thrown away with it.
                "acceptInsecureCerts": true,
                "timeouts": {"implicit": 60_000, "pageLoad": 120_000},
                "goog:chromeOptions": {"args": arguments},
            }}}),
        );
        browser.session = format!("/{}", session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// Opens an address and waits until it is there.
    pub(crate) fn open(&self, uri: &str) {
        self.command("POST", "/url", &json!({"url": uri}));
    }

    /// Types into the element that a CSS selector names, once there is one.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/clear"), &json!({}));
        self.command("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// The text that a person reads in an element.
    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        self.command("GET", &format!("/element/{element}/text"), &Value::Null).as_str().unwrap().to_owned()
    }

    pub(crate) fn title(&self) -> String {
        self.command("GET", "/title", &Value::Null).as_str().unwrap().to_owned()
    }

    pub(crate) fn address(&self) -> String {
        self.command("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command("POST", "/element", &json!({"using": "css selector", "value": selector}));
        found["element-6066-11e4-a52e-4f735466cecf"].as_str().unwrap().to_owned()
    }

    /// One command; its value.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let (head, mut answer) = self.exchange(method, path, body).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        answer["value"].take()
    }

    fn exchange(&self, method: &str, path: &str, body: &Value) -> io::Result<(String, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(
            stream,
            "{method} /session{}{path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            self.port,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let (mut head, mut len) = (String::new(), 0);
        while reader.read_line(&mut head)? > 2 {
            let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                len = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut answer = vec![0; len];
        reader.read_exact(&mut answer)?;
        Ok((head, serde_json::from_slice(&answer)?))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A failed test must not leave a browser behind, and must not fail twice.
        if !self.session.is_empty() {
            let _ = self.exchange("DELETE", "", &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
