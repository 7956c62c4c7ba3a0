//! probe
use countersign::text::markdown::blocks;
use countersign::text::template::{check, Shape, Templates, Filling};
#[test]
fn zz_probe_deep() {
    for n in [100usize, 500, 1000, 2000, 5000, 20000] {
        for (name, text) in [("bullets", format!("{}x", "- ".repeat(n))), ("items", format!("{}x", "1. ".repeat(n))), ("strong", format!("{}x{}", "**a ".repeat(n), " b**".repeat(n))),
            ("emph", format!("{}x{}", "*a ".repeat(n), " b*".repeat(n))), ("link", format!("{}x{}", "[".repeat(n), "](ref:a)".repeat(n))), ("quote", format!("{}x", "> ".repeat(n))), ("img", format!("{}x{}", "![".repeat(n), "](a)".repeat(n))),
            ("mixemph", format!("{}x{}", "*a _b ".repeat(n), " b_ c*".repeat(n))),
            ("quotes", "\"a ".repeat(n)), ("table", format!("|{}\n|{}\n|{}", "a|".repeat(n), "-|".repeat(n), "b|".repeat(n)))] {
            eprintln!("{name} {n}");
            let start = std::time::Instant::now();
            let (b, f) = std::thread::Builder::new().stack_size(2 << 20).spawn(move || blocks(&text)).unwrap().join().unwrap();
            eprintln!("   {} blocks {} faults {:?}", b.len(), f.len(), start.elapsed());
            std::mem::forget(b);
        }
    }
}
#[test]
fn zz_probe_check() {
    let shape = Shape::Group(vec![("a".into(), Shape::Text), ("p".into(), Shape::Open)]);
    for t in ["{{ a | default(value=\"y\" if a else \"z\") }}", "{{ a | default(value=\"}}\") | safe }}", "{{ a | default(value=p.nope) }}", "{{ a | default(value=1+1) }}", "{{ a | default(value=a) | join(sep=\"x\") }}",
      "{{ a | default(value=range(end=3)) | upper }}", "{{ a | upper if a else a }}", "{{ a | default(value=(a | safe)) }}", "{{ a | default(value=`}}`) }}", "{{ a | lower and a }}", "{{ a | upper ~ \"**x**\" }}", "{{ a | upper == \"x\" }}", "{{ a | safe(x=1) }}", "{{ a | upper\n| safe }}", "{{ a | upper() ~ a }}", "{%- for x in a -%}", "{{ a ~ a }}", "{{ p }}", "{{ p.x.y }}", "{{ blank }}", "{{ a | default(value=\"**x**\") }}", "{{ a | default(value='<b>') }}"] {
        let (u, f) = check(t, &shape);
        let mut ts = Templates::new();
        let add = ts.add("t", t);
        let values = Filling::new(&serde_json::json!({"a": "**V**", "p": {"x": "px"}})).unwrap();
        let out = add.is_ok().then(|| ts.render("t", t, &values).map(|s| blocks(&s)));
        eprintln!("{t}\n   check: {:?} {:?}\n   add {add:?}\n   out {out:?}", u, f.iter().map(|f| &f.message).collect::<Vec<_>>());
    }
}
