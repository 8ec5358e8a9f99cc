//! A real Chromium without a window, by the WebDriver protocol (W3C), which is HTTP with JSON.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// The name under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How often, and how many times, it is looked whether something has come about: for half a minute.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 600;

/// A browser with one page. It ends with this value.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        // It says the port that it took.
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.rsplit_once("successfully on port ").and_then(|(_, port)| port.trim_end_matches('.').parse().ok())
        });
        let mut browser = Self { driver, port: port.expect("chromedriver says its port"), session: String::new() };
        // Without its sandbox, as tests may run as root in a container: it opens nothing but our own page.
        let options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"] });
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = browser.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        session["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser
    }

    pub(crate) fn open(&self, page: &Path) {
        self.call("/url", &json!({ "url": format!("file://{}", page.display()) }));
        self.until("document.getElementById('main').getAttribute('aria-busy')", &"false".into());
    }

    /// The value of an expression on the page.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.call("/execute/sync", &json!({ "script": format!("return {expression}"), "args": [] }))
    }

    /// Waits until an expression has a value.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str, expected: &Value) {
        let mut found = Value::Null;
        for _ in 0..LOOKS {
            found = self.value(expression);
            if found == *expected {
                return;
            }
            sleep(PAUSE);
        }
        panic!("{expression} is {found}, not {expected}");
    }

    /// Clicks where a person would.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.value(&format!("document.querySelector({selector:?}).scrollIntoView({{ block: 'center' }})"));
        self.call(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.call(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses a key, whatever has the focus.
    pub(crate) fn press(&self, key: char) {
        let strokes = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        self.call("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// Asks the browser by its own protocol.
    pub(crate) fn command(&self, command: &str, parameters: &Value) -> Value {
        self.call("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// All that was requested since this was asked last.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.call("/se/log", &json!({ "type": "performance" }));
        let messages = log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap());
        let messages = messages.map(|message| serde_json::from_str::<Value>(message).unwrap()["message"].take());
        let requests = messages.filter(|message| {
            ["Network.requestWillBeSent", "Network.webSocketCreated"].iter().any(|method| message["method"] == *method)
        });
        let urls = requests.map(|message| {
            let parameters = &message["params"];
            parameters["request"]["url"].as_str().or(parameters["url"].as_str()).unwrap().to_owned()
        });
        urls.collect()
    }

    /// What the browser complained of: errors of the script, and what the policy for content stopped.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.call("/se/log", &json!({ "type": "browser" })).as_array().unwrap().clone()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.call("/element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn call(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.exchange(method, path, &body.to_string()).unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path} {body}: {}", answer["value"]["message"]);
        answer["value"].take()
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            if let Some((name, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().unwrap_or_else(|_| panic!("{name}: {value}"));
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.exchange("DELETE", &format!("/session/{}", self.session), "");
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
