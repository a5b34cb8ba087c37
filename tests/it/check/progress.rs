//! What a terminal shows while answers are awaited, and that it is gone afterwards.

use super::stand_in::{Proxy, Says, Script};
use crate::prompts::Terminal;

#[test]
fn a_terminal_sees_that_answers_are_awaited_and_the_line_goes_away() {
    let proxy = Proxy::start(|target| match target {
        "g.test:1" => Says::Status("403 Forbidden"),
        _ => Says::Nothing,
    });
    let folder = Script::new().folder();
    let line = |gateways: &str| {
        format!(
            "pushcert check sandbox.pem{gateways} --ca-file ca.pem --timeout 1500ms --proxy {}",
            proxy.url()
        )
    };
    let mut terminal = Terminal::run(folder, &line(" --gateway g.test:1 --gateway h.test:1"));
    terminal.wait_for("\r\u{1b}[K1 of 2 answers");
    terminal.wait_for("\r\u{1b}[Kunknown");
    assert!(terminal.end().contains("[exit 3]"));
    let mut terminal = Terminal::run(folder, &line(" --gateway h.test:1"));
    terminal.wait_for("\r\u{1b}[Kwaiting for the answer\r\u{1b}[Kunknown");
    assert!(terminal.end().contains("[exit 3]"));
    // At once, or told to be quiet: nothing is shown.
    for more in [" --gateway g.test:1", " --gateway h.test:1 -q"] {
        let screen = Terminal::run(folder, &line(more)).end();
        assert!(!screen.contains('\u{1b}'), "{screen:?}");
    }
}
