//! The types of expressions and what is wrong with them, as tables.

use crate::expression::{TypeScope, infer, infer_condition, parse};
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::types::{Record, TextRule, Type};
use std::sync::Arc;

struct Names;

impl TypeScope for Names {
    fn name(&self, name: &str) -> Option<Type> {
        let point = Record::new("Point")
            .required("at", Type::timestamp())
            .required("value", Type::number())
            .build();
        let task = Record::new("Task")
            .optional("cpu", Type::integer())
            .optional("startedAt", Type::timestamp())
            .optional("lastStatus", Type::one_of(&["RUNNING", "STOPPED"]))
            .optional("tags", Type::list(Type::text()))
            .optional("policy", Type::JsonText)
            .optional("healthy", Type::Boolean)
            .build();
        Some(match name {
            "inputs" => Record::new("inputs")
                .required("memory", Type::integer())
                .required("window", Type::Duration)
                .required("service", Type::text())
                .required("permanent", Type::Boolean)
                .required("token", Type::Secret)
                .required("limit", Type::number())
                .required("payload", Type::Any)
                .build(),
            "points" => Type::list(point),
            "arns" => Type::list(Type::text()),
            "numbers" => Type::list(Type::integer()),
            "tasks" => Type::list(task.clone()),
            "result" => Record::new("DescribeTasksResponse")
                .optional("task", task)
                .optional("count", Type::integer())
                .build(),
            "labels" => Type::map(Type::text()),
            "sensitive" => Type::Text(Arc::new(TextRule {
                sensitive: true,
                ..TextRule::default()
            })),
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        ["inputs", "points", "tasks", "result"]
            .map(str::to_owned)
            .to_vec()
    }
}

/// The type, or each problem with its help and the text that it marks.
fn show(text: &str, condition: bool) -> String {
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    let expression = parse(text, place, &Source::new("test.yaml", text))
        .unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
    let (shown, problems) = if condition {
        (String::new(), infer_condition(&expression.root, &Names))
    } else {
        let (ty, problems) = infer(&expression.root, &Names);
        (ty.to_string(), problems)
    };
    if problems.is_empty() {
        return if condition { "fine".to_owned() } else { shown };
    }
    problems
        .iter()
        .map(|problem| {
            let marked = text.get(problem.span.start..problem.span.end);
            let help = problem.help.as_ref().map(|help| format!("; {help}"));
            format!(
                "{} [{}]{}",
                problem.message,
                marked.unwrap_or_default(),
                help.unwrap_or_default()
            )
        })
        .collect::<Vec<_>>()
        .join(" / ")
}

#[track_caller]
fn check(condition: bool, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(text, expected)| {
            let found = show(text, condition);
            (found != *expected)
                .then(|| format!("{text}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn finds_types() {
    check(
        false,
        &[
            ("1 + 2", "integer"),
            ("2 ** 10", "integer"),
            ("2 ** -1", "number"),
            ("2 ** inputs.memory", "number"),
            ("1 + 2.5", "number"),
            ("1 / 2", "number"),
            ("now - inputs.window", "timestamp"),
            ("now - now", "duration"),
            ("inputs.window * 2", "duration"),
            ("inputs.window / inputs.window", "number"),
            ("since(inputs.window)", "timestamp"),
            ("'a' ~ 1", "text"),
            ("[1, 2.5]", "list of number"),
            ("['a', 1]", "list of any value"),
            ("[1, absent]", "list of integer, may be absent"),
            ("{'a': 1}.a", "integer"),
            ("[{'a': 1}, {'b': 2}][1].b", "integer, may be absent"),
            (
                "1 if inputs.permanent else absent",
                "integer, may be absent",
            ),
            ("1 if inputs.permanent else 2.5", "number"),
            ("arns[0]", "text"),
            ("(arns | map('wrap', 'Arn'))[0].Arn", "text"),
            (
                "(arns[0] | wrap('Arn') | merge({'Size': 1})).Size",
                "integer",
            ),
            ("({'a': 1} | merge({'a': 'x'})).a", "text"),
            (
                "({'a': 1} | merge({'x': 1})).nothing",
                "mapping has no member `nothing` [{'a': 1} | merge({'x': 1})).nothing]; it has a, x",
            ),
            (
                "arns | merge({'a': 1})",
                "`merge` does not work on list of text [arns | merge({'a': 1})]",
            ),
            (
                "labels | merge(1)",
                "`merge` takes a mapping, not integer [labels | merge(1)]",
            ),
            (
                "1 | wrap(2)",
                "`wrap` takes the key as text, not integer [1 | wrap(2)]",
            ),
            ("arns[1:]", "list of text"),
            ("arns | first", "text, may be absent"),
            ("labels.team", "text, may be absent"),
            ("result.task.cpu", "integer, may be absent"),
            ("result.task.policy.Statement[0].Effect", "any value"),
            ("result.task.policy | default({}) | length", "integer"),
            (
                "tasks | map(attribute='cpu')",
                "list of integer, may be absent",
            ),
            ("inputs.payload.anything[0]", "any value"),
        ],
    );
}

#[test]
fn types_what_playbooks_write() {
    check(
        false,
        &[
            ("points | length", "integer"),
            ("points[-1].value", "number"),
            ("trend(points).fit", "number"),
            ("trend(points).per_hour | round(2)", "number"),
            ("trend(points).per_hour | round", "integer"),
            ("forecast(points, 90)", "duration, may be absent"),
            ("numbers | sum", "integer"),
            ("inputs.memory - (numbers | sum)", "integer"),
            ("[inputs.memory, numbers[0]] | max", "integer"),
            ("max(inputs.memory, 2.5)", "number"),
            ("arns | map('basename')", "list of text"),
            ("[1.5] | map('round', 1)", "list of number"),
            ("numbers | map('text') | join(', ')", "text"),
            (
                "tasks | map(attribute='cpu') | map('default', 0) | sum",
                "integer",
            ),
            ("arns if arns else absent", "list of text, may be absent"),
            (
                "tasks | select('lastStatus', 'RUNNING') | length",
                "integer",
            ),
        ],
    );
}

#[test]
fn refuses_other_types() {
    check(
        false,
        &[
            (
                "inputs.memory == 'x'",
                "`==` compares integer with text [inputs.memory == 'x']",
            ),
            (
                "'a' < 'b'",
                "`<` orders numbers, timestamps and durations, not text ['a' < 'b']",
            ),
            (
                "now > inputs.window",
                "`>` compares timestamp with duration [now > inputs.window]",
            ),
            (
                "1 in arns",
                "`in` does not look for integer in list of text [1 in arns]",
            ),
            (
                "1 is in(arns)",
                "`is in` does not look for integer in list of text [1 is in(arns)]",
            ),
            (
                "arns ~ 'x'",
                "list of text cannot stand in a text; only text, numbers, timestamps and durations can [arns]",
            ),
            (
                "'a' + 'b'",
                "`+` does not join texts ['a' + 'b']; texts are joined with `~`",
            ),
            (
                "now + now",
                "`+` does not work on timestamp and timestamp [now + now]",
            ),
            ("-arns", "list of text has no sign [-arns]"),
            ("arns['x']", "list of text has no member `x` [arns['x']]"),
            (
                "arns['x':]",
                "a bound of a slice is an integer, this is text ['x']",
            ),
            (
                "arns | sum",
                "`sum` does not work on list of text [arns | sum]",
            ),
            (
                "arns | max",
                "`max` orders numbers, timestamps or durations, not text [arns | max]",
            ),
            (
                "max('a', 'b')",
                "`max` orders numbers, timestamps or durations, not text [max('a', 'b')]",
            ),
            (
                "tasks | join",
                "Task cannot stand in a text; only text, numbers, timestamps and durations can [tasks | join]",
            ),
            (
                "tasks | sort",
                "`sort` needs a key that has an order, not Task; name an attribute [tasks | sort]",
            ),
            (
                "tasks | select('cpu', 'x')",
                "the attribute is integer, which is never text [tasks | select('cpu', 'x')]",
            ),
            (
                "tasks | select('cpu')",
                "the attribute is integer, name the value that it is to have [tasks | select('cpu')]",
            ),
            (
                "trend(numbers)",
                "`trend` takes a list of `{at, value}`, not list of integer [trend(numbers)]",
            ),
            (
                "quantile(points, 0.5)",
                "`quantile` takes a list of numbers, not list of Point [quantile(points, 0.5)]",
            ),
            (
                "forecast(points, 'x')",
                "`forecast` needs a number, not text [forecast(points, 'x')]",
            ),
            ("since('24h')", "`since` does not take text [since('24h')]"),
            (
                "duration('soon')",
                "`soon` is not a duration; write for example `30s`, `15m`, `1h30m`, `24h` or `7d` [duration('soon')]",
            ),
            (
                "1.5 | round('2')",
                "`round` takes a number of digits, not text [1.5 | round('2')]",
            ),
            (
                "arns[0] | split(1)",
                "`split` takes text, not integer [arns[0] | split(1)]",
            ),
            (
                "arns[0] | arn('zone')",
                "an ARN has no `zone`; its parts are partition, service, region, account, resource [arns[0] | arn('zone')]",
            ),
        ],
    );
}

#[test]
fn suggests_names() {
    check(
        false,
        &[
            (
                "imputs.memory",
                "nothing is called `imputs` [imputs]; did you mean `inputs`?",
            ),
            (
                "inputs.memroy",
                "inputs has no member `memroy` [inputs.memroy]; did you mean `memory`?",
            ),
            (
                "points[0].unit",
                "Point has no member `unit` [points[0].unit]; it has at, value",
            ),
            (
                "inputs.memory.x",
                "integer has no member `x` [inputs.memory.x]",
            ),
            (
                "arns | lenght",
                "there is no filter `lenght` [arns | lenght]; did you mean `length`?",
            ),
            (
                "sinse(inputs.window)",
                "there is no function `sinse` [sinse(inputs.window)]; did you mean `since`?",
            ),
            (
                "arns is define",
                "there is no test `define` [arns is define]; did you mean `defined`?",
            ),
            (
                "arns | map('basenam')",
                "there is no filter `basenam` ['basenam']; did you mean `basename`?",
            ),
            (
                "tasks | map('cpu')",
                "there is no filter `cpu` ['cpu']; for the member of each element, write `map(attribute='cpu')`",
            ),
            (
                "tasks | map(attribute='cpus')",
                "Task has no member `cpus`; did you mean `cpu`? [tasks | map(attribute='cpus')]",
            ),
            (
                "arns | map(inputs.service)",
                "`map` takes the name of a filter, in quotes [inputs.service]; write `map('basename')` to filter each element, `map(attribute='name')` for a member of each",
            ),
            (
                "result.task.lastStatus is defined and result.task.lastStatus == 'RUNING'",
                "`RUNING` is not among its values ['RUNING']; did you mean `RUNNING`?",
            ),
            (
                "tasks[0].lastStatus is defined and tasks[0].lastStatus in ['RUNING', 'NEW']",
                "`RUNING` is not among its values ['RUNING']; did you mean `RUNNING`?",
            ),
            (
                "arns | join(',', 1)",
                "too many arguments: write `value | join(separator?)` [arns | join(',', 1)]",
            ),
            (
                "arns[0] | replace('a')",
                "`replace` needs `new`: write `value | replace(old, new)` [arns[0] | replace('a')]",
            ),
            (
                "arns | map",
                "`map` needs `attribute`: write `value | map(attribute=…)` [arns | map]",
            ),
        ],
    );
}

#[test]
fn asks_for_a_guard_where_a_value_may_be_absent() {
    let help = "; give it a `default(…)`, or ask `is defined` before";
    let cpu = |what: &str| format!("{what} of a value that may be absent [result.task.cpu]{help}");
    let rows = [
        ("result.task.cpu > 1", cpu("`>`")),
        ("1 < result.task.cpu < 3", cpu("`<`")),
        ("result.task.cpu + 1 == 2", cpu("`+`")),
        ("result.task.cpu | round == 1", cpu("`round`")),
        ("result.task.cpu | default(0) > 1", "fine".to_owned()),
        ("result.task.cpu is defined and result.task.cpu > 1", "fine".to_owned()),
        ("result.task.cpu is undefined or result.task.cpu > 1", "fine".to_owned()),
        ("not (result.task.cpu is undefined) and result.task.cpu > 1", "fine".to_owned()),
        ("result.task.cpu is defined or result.task.cpu > 1", cpu("`>`")),
        ("result.task.cpu is undefined and result.task.cpu > 1", cpu("`>`")),
        ("(result.task.cpu is defined and inputs.permanent) and result.task.cpu > 1", "fine".to_owned()),
        ("(result.task.cpu if result.task.cpu is defined else 0) > 1", "fine".to_owned()),
        ("(0 if result.task.cpu is undefined else result.task.cpu) > 1", "fine".to_owned()),
        ("result['task'].cpu is defined and result.task['cpu'] > 1", "fine".to_owned()),
        ("tasks[0].cpu is defined and tasks[0].cpu > 1", "fine".to_owned()),
        ("tasks[-1].cpu is defined and tasks[-1].cpu > 1", "fine".to_owned()),
        (
            "tasks[0].cpu is defined and tasks[1].cpu > 1",
            format!("`>` of a value that may be absent [tasks[1].cpu]{help}"),
        ),
        ("result.task.tags is not empty and 'x' in result.task.tags", "fine".to_owned()),
        ("result.task.lastStatus is matches('^R') and result.task.lastStatus == 'RUNNING'", "fine".to_owned()),
        (
            "tasks | map(attribute='cpu') | sum > 1",
            "`sum` of elements that may be absent; put `map('default', …)` before it [tasks | map(attribute='cpu') | sum]".to_owned(),
        ),
        (
            "[result.task.cpu, 1] | max > 1",
            "`max` of elements that may be absent; put `map('default', …)` before it [[result.task.cpu, 1] | max]".to_owned(),
        ),
        (
            "absent + 1 == 2",
            "`+` of what is always absent [absent]; whether a value is there, `is defined` asks".to_owned(),
        ),
    ];
    let rows: Vec<(&str, &str)> = rows
        .iter()
        .map(|(text, said)| (*text, said.as_str()))
        .collect();
    check(true, &rows);
}

#[test]
fn conditions_are_boolean() {
    check(
        true,
        &[
            ("inputs.permanent", "fine"),
            ("inputs.payload", "fine"),
            (
                "inputs.memory",
                "a condition is a boolean, this is integer [inputs.memory]",
            ),
            (
                "inputs.permanent and arns",
                "a condition is a boolean, this is list of text [arns]",
            ),
            (
                "not inputs.memory",
                "a condition is a boolean, this is integer [inputs.memory]",
            ),
            (
                "result.task.healthy",
                "a condition of a value that may be absent [result.task.healthy]; give it a `default(…)`, or ask `is defined` before",
            ),
            (
                "inputs.permanent if inputs.memory else false",
                "the condition of `if` is a boolean, or text, a list or a mapping that may be empty; this is integer [inputs.memory]",
            ),
        ],
    );
}

#[test]
fn secrets_stay_secrets() {
    check(
        false,
        &[
            ("'Bearer ' ~ inputs.token", "secret"),
            ("inputs.token | text", "secret"),
            ("['a', inputs.token] | join(':')", "secret"),
            ("{'token': inputs.token} | tojson", "secret"),
            ("inputs.service | replace('x', inputs.token)", "secret"),
            ("inputs.service | split(inputs.token)", "list of secret"),
            ("inputs.token | default('x')", "secret"),
            ("inputs.token if inputs.permanent else 'x'", "secret"),
            (
                "inputs.token == 'x'",
                "a secret cannot be compared [inputs.token == 'x']",
            ),
            (
                "inputs.token in arns",
                "a secret cannot be compared [inputs.token in arns]",
            ),
            (
                "inputs.token is starting_with('x')",
                "`is starting_with` does not work on secret [inputs.token is starting_with('x')]",
            ),
            (
                "inputs.token | length",
                "`length` does not work on secret [inputs.token | length]",
            ),
        ],
    );
}
