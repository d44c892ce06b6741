use runbook_playbook::{check, diagnostic, source::Source, syntax};
fn main() {
    let r = runbook_registry::Registry::new();
    for f in std::env::args().skip(1) {
        let s = Source::new(f.clone(), std::fs::read_to_string(&f).unwrap());
        let (p, mut d) = syntax::parse(&s);
        if let Some(p) = p {
            let (_, d2) = check::check(p, "x/y", &r, &check::Empty);
            d.extend(d2);
        }
        println!("== {f}: {}", d.len());
        for x in d {
            println!("{}", diagnostic::render(&x, diagnostic::Style::Plain));
        }
    }
}
