//! Who is in the groups that may log on: `net localgroup "Remote Desktop Users"`, `Get-LocalGroupMember`.

use super::Fact;
use super::transcript::{Line, Part};

/// The group whose members may log on by Remote Desktop (S-1-5-32-555), as Windows calls it.
const REMOTE: &[&str] = &[
    "Remote Desktop Users",
    "Remotedesktopbenutzer",
    "Utilisateurs du Bureau à distance",
    "Usuarios de escritorio remoto",
    "Utenti desktop remoto",
    "Usuários da área de trabalho remota",
    "Usuários da Área de Trabalho Remota",
    "Utilizadores do ambiente de trabalho remoto",
    "Extern bureaubladgebruikers",
    "Użytkownicy pulpitu zdalnego",
    "Пользователи удаленного рабочего стола",
];

/// The administrators (S-1-5-32-544), who may as well.
const ADMINISTRATORS: &[&str] = &[
    "Administrators",
    "Administratoren",
    "Administrateurs",
    "Administradores",
    "Amministratori",
    "Administratorzy",
    "Администраторы",
];

/// Reads who is in these groups, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    for (at, line) in part.lines.iter().enumerate().filter(|(_, line)| is_ruler(&line.text)) {
        let above = part.lines.get(at.saturating_sub(8)..at).unwrap_or_default();
        // `Alias name     Remote Desktop Users`.
        let group = above.iter().find_map(|line| Some((line.number, group_in(&line.text)?)));
        let asked = part.command.filter(|_| part.runs(&["localgroup"])).and_then(group_in);
        let asked = asked.map(|group| (line.number, group));
        let Some((start, group)) = group.or(asked) else { continue };
        facts.extend(members(part.lines.get(at + 1..).unwrap_or_default(), start, group));
    }
    let Some(group) =
        part.command.filter(|_| part.runs(&["get-localgroupmember"])).and_then(group_in)
    else {
        return;
    };
    let records = part.records();
    let rows = records.iter().filter(|record| !record.get("ObjectClass").is_empty());
    let names: Vec<_> = rows.clone().map(|record| record.get("Name").to_owned()).collect();
    let lines = rows.map(|record| record.lines.1);
    let blank = part.lines.iter().all(|line| line.text.trim().is_empty());
    if let Some(first) = part.lines.first().filter(|_| blank || !names.is_empty()) {
        facts.push(fact(group, &names, first.number, lines.max().unwrap_or(first.number)));
    }
}

fn is_ruler(line: &str) -> bool {
    line.len() > 60 && line.bytes().all(|byte| byte == b'-')
}

fn group_in(text: &str) -> Option<&'static str> {
    let text = text.trim_end_matches(['"', '\'', ' ']).to_lowercase();
    // At the end, and as a whole: `CORP\Enterprise Administrators` is another group.
    let is_in = |names: &[&str]| {
        names.iter().any(|name| {
            let before = text.strip_suffix(name.to_lowercase().as_str());
            before.is_some_and(|before| before.ends_with([' ', '"', '\'']))
        })
    };
    match () {
        () if is_in(REMOTE) => Some("Remote Desktop Users"),
        () if is_in(ADMINISTRATORS) => Some("Administrators"),
        () => None,
    }
}

/// The names below the ruler, up to the sentence that the command has done its work; without it the list was cut.
fn members(below: &[Line], start: u64, group: &'static str) -> Option<Fact> {
    let mut names = Vec::new();
    for line in below {
        let text = line.text.trim();
        let is_sentence =
            text.ends_with(['.', '。']) || (text.contains(' ') && text.ends_with('!'));
        if is_sentence {
            return Some(fact(group, &names, start, line.number));
        }
        if text.is_empty() || names.len() > 10_000 {
            break;
        }
        names.push(text.to_owned());
    }
    None
}

fn fact(group: &'static str, names: &[String], first: u64, last: u64) -> Fact {
    // A semicolon at both ends of each, so that one account can be looked for.
    let members: String = names.iter().map(|name| format!(";{name}")).collect();
    let fact = Fact::new("local-group", first).up_to(last).with("Group", group);
    fact.with("Members", members + ";").with("Count", names.len().to_string())
}
