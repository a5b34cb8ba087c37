//! What the command says, word for word: a file under `tests/cmd` a rule, run in a copy of the fixtures or in the folder itself.
//! `TRYCMD=overwrite cargo test --test cmd` writes the files anew after a change of words.

#[test]
fn every_rule_holds() {
    trycmd::TestCases::new()
        .env("CI", "true")
        .env("TZ", "UTC")
        .case("tests/cmd/*.trycmd");
}
