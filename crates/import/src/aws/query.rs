//! `--query`: `JMESPath` to captures by JSONPath.

use jmespath::ast::{Ast, Comparator};
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// A capture that a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The name that the query gives it, or that its path ends with.
    pub name: String,
    /// The JSONPath.
    pub path: String,
    /// The first node only.
    pub first: bool,
    /// How many there are, instead of what they are.
    pub count: bool,
}

/// Turns a query into captures.
///
/// # Errors
/// A few words that say why it is none.
pub fn convert(query: &str) -> Result<Vec<Asked>, String> {
    if query.len() > 2048 || query.matches(['[', '(', '{']).count() > 32 {
        return Err("it is too long".to_owned());
    }
    let lenient = literals(query);
    let parsed = jmespath::parse(&lenient).map_err(|error| {
        let reason = error.reason.to_string();
        format!("it is no JMESPath: {}", reason.trim())
    })?;
    let start = Node {
        path: "$".to_owned(),
        many: false,
        nested: false,
        made: false,
        first: false,
        count: false,
        name: String::new(),
    };
    let nodes = walk(&parsed, start)?;
    Ok(nodes
        .into_iter()
        .map(|node| Asked {
            name: node.name,
            path: node.path,
            first: node.first,
            count: node.count,
        })
        .collect())
}

/// The query with the CLI's leniency: what stands between backquotes and is no JSON is a text.
fn literals(query: &str) -> String {
    let mut lenient = String::with_capacity(query.len());
    for (place, part) in query.split('`').enumerate() {
        if place > 0 {
            lenient.push('`');
        }
        let inside = place % 2 == 1;
        if inside && serde_json::from_str::<Json>(part).is_err() {
            lenient.push_str(&Json::String(part.to_owned()).to_string());
        } else {
            lenient.push_str(part);
        }
    }
    lenient
}

#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing about how a query came here"
)]
struct Node {
    path: String,
    /// A projection led here.
    many: bool,
    /// It is one of what each of many nodes gives.
    nested: bool,
    /// It is a member of what the query has made (`{name: path}`).
    made: bool,
    first: bool,
    count: bool,
    name: String,
}

impl Node {
    fn step(mut self, text: &str) -> Self {
        self.path.push_str(text);
        self
    }
}

type Nodes = Result<Vec<Node>, String>;

fn walk(ast: &Ast, at: Node) -> Nodes {
    if at.count || (at.made && !matches!(ast, Ast::Identity { .. })) {
        return match ast {
            Ast::Field { name, .. } if at.made && !at.count && *name == at.name => {
                Ok(vec![Node { made: false, ..at }])
            }
            _ => Err("it looks into what it has made".to_owned()),
        };
    }
    match ast {
        Ast::Identity { .. } => Ok(vec![at]),
        Ast::Field { name, .. } => {
            let mut node = at.step(&member(name));
            node.name.clone_from(name);
            Ok(vec![node])
        }
        // Of each of many: where one is meant by a filter, it is that one.
        Ast::Index { idx: 0, .. } if at.many && at.nested => Ok(vec![at]),
        Ast::Index { idx, .. } if at.many => {
            if *idx != 0 {
                return Err("it takes one of many nodes that is not the first".to_owned());
            }
            Ok(vec![Node { first: true, ..at }])
        }
        Ast::Index { idx, .. } => Ok(vec![at.step(&format!("[{idx}]"))]),
        Ast::Slice {
            start, stop, step, ..
        } => Ok(vec![at.step(&slice(*start, *stop, *step))]),
        Ast::Subexpr { lhs, rhs, .. } => {
            let left = one(walk(lhs, at)?)?;
            walk(rhs, left)
        }
        Ast::Projection { lhs, rhs, .. } => {
            let sliced = ends_with_slice(lhs);
            let mut left = one(walk(lhs, at)?)?;
            if let Ast::Condition {
                predicate, then, ..
            } = &**rhs
            {
                let condition = filter(predicate)?;
                left = left.step(&format!("[?{condition}]"));
                left.many = true;
                return walk(then, left);
            }
            if !sliced {
                left.path.push_str("[*]");
            }
            left.many = true;
            walk(rhs, left)
        }
        // Elements and members alike are `[*]`, which the projection around them adds.
        Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => walk(node, at),
        Ast::MultiHash { elements, .. } => {
            let at = Node {
                nested: at.many,
                ..at
            };
            let mut nodes = Vec::new();
            for element in elements {
                let mut found = walk(&element.value, at.clone())?;
                for one in &mut found {
                    one.made = true;
                }
                if let [only] = found.as_mut_slice() {
                    only.name.clone_from(&element.key);
                }
                nodes.extend(found);
            }
            Ok(nodes)
        }
        Ast::MultiList { elements, .. } => {
            let at = Node {
                nested: at.many,
                ..at
            };
            let mut nodes = Vec::new();
            for element in elements {
                nodes.extend(walk(element, at.clone())?);
            }
            Ok(nodes)
        }
        Ast::Function { name, args, .. } => match (name.as_str(), args.as_slice()) {
            ("length", [of]) => {
                let mut node = one(walk(of, at)?)?;
                node.count = true;
                node.name = format!("{}_count", node.name);
                Ok(vec![node])
            }
            _ => Err(format!("`{name}()` has no JSONPath")),
        },
        Ast::Or { .. } => Err("`||` has no JSONPath".to_owned()),
        Ast::And { .. } => Err("`&&` has no JSONPath".to_owned()),
        Ast::Not { .. } => Err("`!` has no JSONPath".to_owned()),
        Ast::Comparison { .. } => Err("a comparison has no JSONPath".to_owned()),
        Ast::Literal { .. } => Err("a literal is in no answer".to_owned()),
        Ast::Condition { .. } | Ast::Expref { .. } => Err("it has no JSONPath".to_owned()),
    }
}

fn one(nodes: Vec<Node>) -> Result<Node, String> {
    match <[Node; 1]>::try_from(nodes) {
        Ok([node]) => Ok(node),
        Err(_) => Err("it looks into what it has made".to_owned()),
    }
}

fn ends_with_slice(ast: &Ast) -> bool {
    match ast {
        Ast::Slice { .. } => true,
        Ast::Subexpr { rhs, .. } => ends_with_slice(rhs),
        _ => false,
    }
}

fn slice(from: Option<i32>, to: Option<i32>, by: i32) -> String {
    let bound = |bound: Option<i32>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    let stride = if by == 1 {
        String::new()
    } else {
        format!(":{by}")
    };
    format!("[{}:{}{stride}]", bound(from), bound(to))
}

fn member(name: &str) -> String {
    let plain = name
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !name.starts_with(|character: char| character.is_ascii_digit());
    if plain {
        format!(".{name}")
    } else {
        format!("[{}]", quoted(name))
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn filter(ast: &Ast) -> Result<String, String> {
    match ast {
        Ast::Comparison {
            comparator,
            lhs,
            rhs,
            ..
        } => {
            let sign = match comparator {
                Comparator::Equal => "==",
                Comparator::NotEqual => "!=",
                Comparator::LessThan => "<",
                Comparator::LessThanEqual => "<=",
                Comparator::GreaterThan => ">",
                Comparator::GreaterThanEqual => ">=",
            };
            Ok(format!("{} {sign} {}", operand(lhs)?, operand(rhs)?))
        }
        Ast::And { lhs, rhs, .. } => Ok(format!("{} && {}", filter(lhs)?, filter(rhs)?)),
        Ast::Or { lhs, rhs, .. } => Ok(format!("({} || {})", filter(lhs)?, filter(rhs)?)),
        Ast::Not { node, .. } => Ok(format!("!({})", filter(node)?)),
        Ast::Function { name, args, .. } => {
            let [of, Ast::Literal { value, .. }] = args.as_slice() else {
                return Err(format!("`{name}()` has no JSONPath"));
            };
            let text = value
                .as_string()
                .ok_or_else(|| format!("`{name}()` of no text has no JSONPath"))?;
            let pattern = escaped(text);
            let of = operand(of)?;
            match name.as_str() {
                "contains" => Ok(format!("search({of}, {})", quoted(&pattern))),
                "starts_with" => Ok(format!("match({of}, {})", quoted(&format!("{pattern}.*")))),
                "ends_with" => Ok(format!("match({of}, {})", quoted(&format!(".*{pattern}")))),
                _ => Err(format!("`{name}()` has no JSONPath")),
            }
        }
        other => operand(other),
    }
}

fn operand(ast: &Ast) -> Result<String, String> {
    match ast {
        Ast::Literal { value, .. } => {
            let json: Json = serde_json::from_str(&value.to_string())
                .map_err(|_| "a literal cannot be read".to_owned())?;
            match json {
                Json::String(text) => Ok(quoted(&text)),
                Json::Number(_) | Json::Bool(_) | Json::Null => Ok(json.to_string()),
                _ => Err("it compares with a list or a mapping".to_owned()),
            }
        }
        Ast::Field { .. } | Ast::Subexpr { .. } | Ast::Index { .. } | Ast::Identity { .. } => {
            let at = Node {
                path: "@".to_owned(),
                many: false,
                nested: false,
                made: false,
                first: false,
                count: false,
                name: String::new(),
            };
            Ok(one(walk(ast, at)?)?.path)
        }
        _ => Err("it compares what has no JSONPath".to_owned()),
    }
}

/// A text as a regular expression.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if "\\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Where in an answer a member of the name is, when it is not where a query looks: `Configuration.MemorySize`.
#[must_use]
pub fn elsewhere(output: &Type, name: &str) -> Option<String> {
    fn look(ty: &Type, name: &str, depth: usize, path: &str) -> Option<String> {
        let (Type::Structure(structure), true) = (ty.present(), depth > 0) else {
            return None;
        };
        for member in structure.member_names() {
            let found = structure.member(&member)?;
            let path = format!("{path}.{member}");
            if let Type::Structure(inner) = found.ty.present()
                && inner.member(name).is_some()
            {
                return Some(format!("{path}.{name}"));
            }
            if let Some(found) = look(&found.ty, name, depth - 1, &path) {
                return Some(found);
            }
        }
        None
    }
    look(output, name, 2, "").map(|path| path.trim_start_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::convert;

    fn paths(query: &str) -> Vec<String> {
        match convert(query) {
            Ok(asked) => asked
                .iter()
                .map(|asked| {
                    let first = if asked.first { " first" } else { "" };
                    let count = if asked.count { " count" } else { "" };
                    format!("{} {}{first}{count}", asked.name, asked.path)
                })
                .collect(),
            Err(why) => vec![format!("no: {why}")],
        }
    }

    #[test]
    fn queries_become_paths() {
        for (query, expected) in [
            ("taskArns[0]", vec!["taskArns $.taskArns[0]"]),
            (
                "services[*].{name:serviceName,n:runningCount}",
                vec![
                    "name $.services[*].serviceName",
                    "n $.services[*].runningCount",
                ],
            ),
            (
                "services[0].events[0:5]",
                vec!["events $.services[0].events[0:5]"],
            ),
            ("Vpcs[].VpcId", vec!["VpcId $.Vpcs[*].VpcId"]),
            (
                "Reservations[].Instances[].InstanceId",
                vec!["InstanceId $.Reservations[*].Instances[*].InstanceId"],
            ),
            (
                "Reservations[].Instances[].InstanceId | [0]",
                vec!["InstanceId $.Reservations[*].Instances[*].InstanceId first"],
            ),
            (
                "CertificateSummaryList[?DomainName==`*.x.com`]",
                vec!["CertificateSummaryList $.CertificateSummaryList[?@.DomainName == '*.x.com']"],
            ),
            (
                "List[?Status=='ACTIVE' && Size > `10`].[Name,Arn]",
                vec![
                    "Name $.List[?@.Status == 'ACTIVE' && @.Size > 10].Name",
                    "Arn $.List[?@.Status == 'ACTIVE' && @.Size > 10].Arn",
                ],
            ),
            (
                "Table.LatestStreamArn",
                vec!["LatestStreamArn $.Table.LatestStreamArn"],
            ),
            ("length(taskArns)", vec!["taskArns_count $.taskArns count"]),
            (
                "Functions[?contains(FunctionName, 'a.b')]",
                vec!["Functions $.Functions[?search(@.FunctionName, 'a\\\\.b')]"],
            ),
            (
                "Tags[?Key=='Name'].Value | [0]",
                vec!["Value $.Tags[?@.Key == 'Name'].Value first"],
            ),
            ("\"a-b\".c", vec!["c $['a-b'].c"]),
        ] {
            assert_eq!(paths(query), expected, "{query}");
        }
    }

    #[test]
    fn what_has_no_path_says_why() {
        for query in [
            "sort_by(a, &b)",
            "a || b",
            "a[",
            "keys(@)",
            "a.{b: c}.d | [0].e.f | length(@)",
        ] {
            assert!(
                paths(query).iter().any(|path| path.starts_with("no: ")),
                "{query}: {:?}",
                paths(query)
            );
        }
    }
}
