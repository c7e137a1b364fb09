//! The page that the browser ends on.

/// A page for people that says what happened: `Ok` when the sign-in went well so far, else the sentence of the error.
/// Whatever the sentence holds, it is text on the page and nothing else.
pub fn end_page(outcome: Result<(), &str>) -> String {
    let (title, text) = match outcome {
        Ok(()) => ("Signed in", "You have signed in. You can close this window and go back to the terminal."),
        Err(sentence) => ("Not signed in", sentence),
    };
    let mut page = String::from(HEAD);
    escape(title, &mut page);
    page.push_str("</title><h1>");
    escape(title, &mut page);
    page.push_str("</h1><p>");
    escape(text, &mut page);
    page.push_str("</p>\n");
    page
}

fn escape(text: &str, page: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '&' => page.push_str("&amp;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            letter => page.push(letter),
        }
    }
}

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><style>body{font:1.1rem sans-serif;margin:4rem auto;max-width:40rem;\
padding:0 1rem}</style><title>";
