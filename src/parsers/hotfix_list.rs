//! Lists of installed updates: PowerShell's `Get-HotFix` and `wmic qfe`, as table, as list or as CSV.
//!
//! Made by a person or a collector, so a file may hold a prompt above the list and several lists. Only days are known.
//! `wmic` writes `M/D/YYYY` on every system, or a FILETIME in hex; `Get-HotFix` the date format of its user, so that day
//! and month can be told apart only by looking at all dates of the file (`dates`).

mod layout;

use self::layout::{Layout, ListRow, Tool};
use super::damage::{self, Damage};
use super::dates::{self, Order};
use super::{Parser, Sink};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// Lists of installed updates.
pub struct HotfixList;

impl Parser for HotfixList {
    fn format(&self) -> &'static str {
        "hotfix-list"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let header = text.lines().any(|line| Layout::of_header(line).is_some());
        let label = |name| text.lines().filter_map(layout::label).any(|(label, _)| label == name);
        header || (label("HotFixID") && label("InstalledOn"))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let rows = rows(source, sink);
        let of_users = rows.iter().filter(|row| row.tool == Tool::GetHotFix);
        let order = Order::of(of_users.map(|row| row.installed_on.as_str()));
        let mut damage = Damage::new(source, "date");
        let mut undecided = 0;
        for row in &rows {
            // wmic writes the month first on every system.
            let order = if row.tool == Tool::Wmic { Order::MonthFirst } else { order };
            let time = match dates::read(&row.installed_on, order) {
                dates::Reading::Day(day) => Timestamp::Day(day),
                dates::Reading::None => Timestamp::Undated,
                dates::Reading::Undecided(guess) => {
                    undecided += 1;
                    guess.map_or(Timestamp::Undated, Timestamp::Day)
                }
                dates::Reading::Unknown => {
                    damage.one(format_args!("line {}", row.line), "the date cannot be read", sink);
                    Timestamp::Undated
                }
            };
            sink.event(event(row, time, source));
        }
        if undecided > 0 {
            let what = format!(
                "day and month cannot be told apart in {undecided} of {} dates: {}",
                rows.len(),
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
        damage.finish(sink);
    }
}

/// Every update that the source lists, in file order.
fn rows(source: &Source, sink: &mut dyn Sink) -> Vec<ListRow> {
    let Some(mut lines) = damage::lines(source, sink) else { return Vec::new() };
    let mut damage = Damage::new(source, "row");
    let mut rows: Vec<ListRow> = Vec::new();
    let mut layout: Option<Layout> = None;
    // Whether the line above was part of a list: only then is a line that fits nothing a damaged row.
    let mut inside = false;
    for (number, line) in lines.by_ref() {
        if rows.len() >= limits::HOTFIX_ROWS {
            let what = format!("lists more than {} updates", limits::HOTFIX_ROWS);
            sink.notice(Notice::new(source.id, format!("line {number}"), what).losing("the rest"));
            break;
        }
        if let Some(found) =
            Layout::of_header(&line).or_else(|| Layout::of_label(&line, layout.as_ref()))
        {
            layout = Some(found);
            inside = true;
        } else if layout::is_ruler(&line) {
            layout = layout.map(Layout::ruled);
            continue;
        }
        let Some(layout) = &mut layout else { continue };
        match layout.take(&line, number) {
            layout::Taken::Row(row) => {
                inside = true;
                rows.push(row);
            }
            layout::Taken::Part => {}
            layout::Taken::Blank => inside = false,
            layout::Taken::Nothing if inside => {
                damage.one(format_args!("line {number}"), "line does not fit the list", sink);
            }
            layout::Taken::Nothing => {}
        }
    }
    rows.extend(layout.and_then(Layout::finish));
    damage.finish(sink);
    damage::report(&lines, source, sink);
    rows
}

fn event(row: &ListRow, time: Timestamp, source: &Source) -> Event {
    let mut event = Event::text(row.tool.provider(), time, source.line(row.line));
    for (name, value) in [
        ("HotFixID", &row.id),
        ("Description", &row.description),
        ("InstalledOn", &row.installed_on),
        ("InstalledBy", &row.installed_by),
    ] {
        if !value.is_empty() {
            event = event.with(name, value);
        }
    }
    let computer = row.computer.trim_start_matches('\\');
    if !computer.is_empty() && !computer.ends_with("...") && !computer.ends_with('…') {
        event.computer = Some(computer.into());
    }
    event.derive_fields();
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn a_table_of_get_hotfix() {
        let text = "\r\nSource        Description      HotFixID      InstalledBy          InstalledOn\r\n\
                    ------        -----------      --------      -----------          -----------\r\n\
                    SRV01         Security Update  KB5099999     NT AUTHORITY\\SYSTEM  11/17/2026 12:00:00 AM\r\n\
                    SRV-LONG-N... Update           KB5088888                          1/2/2026 12:00:00 AM\r\n\r\n";
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 4: 2026-11-17, Get-HotFix on SRV01 HotFixID="KB5099999" Description="Security Update" InstalledOn="11/17/2026 12:00:00 AM" InstalledBy="NT AUTHORITY\\SYSTEM" KB="KB5099999"
        line 5: 2026-01-02, Get-HotFix HotFixID="KB5088888" Description="Update" InstalledOn="1/2/2026 12:00:00 AM" KB="KB5088888"
        "#);
    }

    #[test]
    fn the_order_of_day_and_month_is_taken_from_the_whole_file() {
        let text = "HotFixID  InstalledOn\n--------  -----------\n\
                    KB5000001 03/04/2026 00:00:00\nKB5000002 24/04/2026 00:00:00\n";
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 3: 2026-04-03, Get-HotFix HotFixID="KB5000001" InstalledOn="03/04/2026 00:00:00" KB="KB5000001"
        line 4: 2026-04-24, Get-HotFix HotFixID="KB5000002" InstalledOn="24/04/2026 00:00:00" KB="KB5000002"
        "#);
    }

    #[test]
    fn an_order_that_cannot_be_told_is_said_so() {
        let table = |date: &str| {
            format!("HotFixID  InstalledOn\n--------  -----------\nKB5000001 {date}\n")
        };
        insta::assert_snapshot!(parse(&HotfixList, table("03/04/2026 00:00:00")), @r#"
        line 3: undated, Get-HotFix HotFixID="KB5000001" InstalledOn="03/04/2026 00:00:00" KB="KB5000001"
        whole file: notice: day and month cannot be told apart in 1 of 1 dates: they are left out
        "#);
        insta::assert_snapshot!(parse(&HotfixList, table("3/4/2026 12:00:00 AM")), @r#"
        line 3: 2026-03-04, Get-HotFix HotFixID="KB5000001" InstalledOn="3/4/2026 12:00:00 AM" KB="KB5000001"
        whole file: notice: day and month cannot be told apart in 1 of 1 dates: read as month/day
        "#);
        insta::assert_snapshot!(parse(&HotfixList, table("04/04/2026 00:00:00")), @r#"
        line 3: 2026-04-04, Get-HotFix HotFixID="KB5000001" InstalledOn="04/04/2026 00:00:00" KB="KB5000001"
        "#);
    }

    #[test]
    fn dates_of_many_countries() {
        let rows = [
            "2026/01/11 0:00:00",
            "11.09.2026 00:00:00",
            "2026. 09. 11. 0:00:00",
            "11/9/2569 0:00:00",
            "\u{200e}11\u{200e}/\u{200e}20\u{200e}/\u{200e}2026 12:00:00 AM",
            "01d4dfd0fb4eb361",
            "20190321",
            "Thursday, January 3, 2019 12:00:00 AM",
            "gestern",
        ];
        let text: String = rows
            .iter()
            .map(|date| format!("HotFixID : KB5000001\nInstalledOn : {date}\n\n"))
            .collect();
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 1: 2026-01-11, Get-HotFix HotFixID="KB5000001" InstalledOn="2026/01/11 0:00:00" KB="KB5000001"
        line 4: 2026-09-11, Get-HotFix HotFixID="KB5000001" InstalledOn="11.09.2026 00:00:00" KB="KB5000001"
        line 7: 2026-09-11, Get-HotFix HotFixID="KB5000001" InstalledOn="2026. 09. 11. 0:00:00" KB="KB5000001"
        line 10: 2026-11-09, Get-HotFix HotFixID="KB5000001" InstalledOn="11/9/2569 0:00:00" KB="KB5000001"
        line 13: 2026-11-20, Get-HotFix HotFixID="KB5000001" InstalledOn="\u{200e}11\u{200e}/\u{200e}20\u{200e}/\u{200e}2026 12:00:00 AM" KB="KB5000001"
        line 16: 2019-03-21, Get-HotFix HotFixID="KB5000001" InstalledOn="01d4dfd0fb4eb361" KB="KB5000001"
        line 19: 2019-03-21, Get-HotFix HotFixID="KB5000001" InstalledOn="20190321" KB="KB5000001"
        line 22: 2019-01-03, Get-HotFix HotFixID="KB5000001" InstalledOn="Thursday, January 3, 2019 12:00:00 AM" KB="KB5000001"
        line 25: undated, Get-HotFix HotFixID="KB5000001" InstalledOn="gestern" KB="KB5000001"
        line 25: notice: the date cannot be read (lost: 1 date)
        "#);
    }

    #[test]
    fn a_table_of_wmic_is_cut_by_its_header() {
        let row = |cells: [&str; 9]| {
            let [caption, name, kind, comments, id, date, by, on, pack] = cells;
            format!(
                "{caption:45}{name:8}{kind:17}{comments:13}{id:11}{date:13}{by:13}{on:13}      {pack:21}        \r\r\n"
            )
        };
        let text = [
            "some banner\r\n".to_owned(),
            row([
                "Caption",
                "CSName",
                "Description",
                "FixComments",
                "HotFixID",
                "InstallDate",
                "InstalledBy",
                "InstalledOn",
                "Status",
            ]),
            row([
                "http://support.microsoft.com/?kbid=5099999",
                "SRV01",
                "Security Update",
                "",
                "KB5099999",
                "",
                r"CORP\admin",
                "3/4/2026",
                "",
            ]),
            row(["", "SRV01", "", "", "File 1", "", "", "", "KB979687"]),
            row(["", "SRV01", "Update", "", "{GUID-1}", "", "", "20190321", ""]),
        ];
        let text = text.concat();
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 3: 2026-03-04, wmic qfe on SRV01 HotFixID="KB5099999" Description="Security Update" InstalledOn="3/4/2026" InstalledBy="CORP\\admin" KB="KB5099999"
        line 5: 2019-03-21, wmic qfe on SRV01 HotFixID="{GUID-1}" Description="Update" InstalledOn="20190321"
        "#);
    }

    #[test]
    fn csv_of_both_tools() {
        let wmic = "\r\nNode,Caption,CSName,Description,FixComments,HotFixID,InstallDate,InstalledBy,InstalledOn,Name,ServicePackInEffect,Status\r\n\
                    SRV01,http://support.microsoft.com/?kbid=5099999,SRV01,Update,,KB5099999,,CORP\\admin,3/4/2026,,,\r\n\
                    SRV01,x,SRV01,Update, with a comma,,KB5088888,,CORP\\admin,3/5/2026,,,\r\n";
        insta::assert_snapshot!(parse(&HotfixList, wmic), @r#"
        line 3: 2026-03-04, wmic qfe on SRV01 HotFixID="KB5099999" Description="Update" InstalledOn="3/4/2026" InstalledBy="CORP\\admin" KB="KB5099999"
        line 4: 2026-03-05, wmic qfe HotFixID="KB5088888" Description="Update" InstalledOn="3/5/2026" KB="KB5088888"
        "#);
        let get = "#TYPE System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering\r\n\
                   \"PSComputerName\";\"InstalledOn\";\"Caption\";\"Site\";\"Description\";\"HotFixID\"\r\n\
                   \"SRV01\";\"17.11.2026 00:00:00\";\"a;b\";;\"Update\";\"KB5099999\"\r\n";
        insta::assert_snapshot!(parse(&HotfixList, get), @r#"
        line 3: 2026-11-17, Get-HotFix on SRV01 HotFixID="KB5099999" Description="Update" InstalledOn="17.11.2026 00:00:00" KB="KB5099999"
        "#);
    }

    #[test]
    fn lists_of_properties() {
        let text = "Source      : SRV01\nDescription : Update\nHotFixID    : KB5099999\nInstalledBy : CORP\\admin\n\
                    InstalledOn : 11/17/2026 12:00:00 AM\n\nSource      : SRV01\nHotFixID    : KB5088888\n\
                    InstalledOn : \n";
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 1: 2026-11-17, Get-HotFix on SRV01 HotFixID="KB5099999" Description="Update" InstalledOn="11/17/2026 12:00:00 AM" InstalledBy="CORP\\admin" KB="KB5099999"
        line 7: undated, Get-HotFix on SRV01 HotFixID="KB5088888" KB="KB5088888"
        "#);
        let wmic = "\r\r\nHotFixID=KB5099999\r\r\nInstalledOn=11/17/2026\r\r\n\r\r\n";
        insta::assert_snapshot!(parse(&HotfixList, wmic), @r#"
        line 2: 2026-11-17, wmic qfe HotFixID="KB5099999" InstalledOn="11/17/2026" KB="KB5099999"
        "#);
    }

    #[test]
    fn a_paste_that_lost_its_blanks_is_read_by_its_words() {
        let text = "Source        Description      HotFixID      InstalledBy          InstalledOn\n\
                    SRV01 Security Update KB5099999 NT AUTHORITY\\SYSTEM 11/17/2026 12:00:00 AM\nSRV01 Secur\n\nPS C:\\>\n";
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 2: 2026-11-17, Get-HotFix HotFixID="KB5099999" Description="Security Update" InstalledOn="11/17/2026 12:00:00 AM" KB="KB5099999"
        line 3: notice: line does not fit the list (lost: 1 row)
        "#);
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let text = "Source    Description HotFixID  InstalledBy InstalledOn\n------    ----------- --------  ----------- -----------\n\
                    SRV01     更新プロ    KB5099999 x           2026/11/17 0:00:00\n";
        insta::assert_snapshot!(parse(&HotfixList, text), @r#"
        line 3: 2026-11-17, Get-HotFix on SRV01 HotFixID="KB5099999" Description="更新プロ" InstalledOn="2026/11/17 0:00:00" InstalledBy="x" KB="KB5099999"
        "#);
    }

    #[test]
    fn an_empty_list_is_no_damage() {
        let text = "Description  FixComments  HotFixID  InstallDate  InstalledBy  InstalledOn  Name\r\n\r\n";
        insta::assert_snapshot!(parse(&HotfixList, text), @"");
    }

    #[test]
    fn prose_about_hotfixes_is_not_taken() {
        for text in [
            "",
            "The HotFixID is KB5099999",
            "KB5099999: 2026-11 Update (KB5099999)",
            "[01]: KB5099999",
        ] {
            assert!(!HotfixList.sniff(&source(text)), "{text}");
        }
    }
}
