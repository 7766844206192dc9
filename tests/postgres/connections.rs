//! How connections come about, or do not: exit 3 with a remedy, and never the password.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gapgate::warehouse::Interrupt;

use super::{ENDLESS, Order, PASSWORD, Server, ask, open, reason};

/// What `gapgate doctor` says with a target of these keys; neither it nor its errors may hold the password.
fn doctor(target: &str, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let project = format!(
        "[project]\nname = \"p\"\n[targets.pg]\nengine = \"postgres\"\n{target}\n[seasons.s]\nstart = 2024-01-01\nend = 2024-01-31\n
        [spines.days]\ncalendar = \"1 day\"\n[outputs.o]\nstage = \"raw\"\ntable = \"o\"\nspine = \"days\"\ndate = \"day\"\n"
    );
    std::fs::write(dir.path().join("gapgate.toml"), project).expect("a project file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gapgate"));
    for variable in ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"] {
        command.env_remove(variable);
    }
    command.arg("-C").arg(dir.path()).arg("doctor").env("HOME", dir.path()).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(PASSWORD), "the password is in the output: {said}");
    (output.status.code(), said)
}

fn assert_says(target: &str, environment: &[(&str, &str)], status: i32, words: &[&str]) {
    let (found, said) = doctor(target, environment);
    assert_eq!(found, Some(status), "{target}\n{said}");
    for word in words {
        assert!(said.contains(word), "{target}\nlacks: {word}\n{said}");
    }
}

#[test]
fn a_target_that_is_wrong_is_a_matter_of_its_words() {
    for (target, words) in [
        ("url = \"postgres://app:${SECRET}/shop@127.0.0.1/shop\"", "%2F"),
        ("url = \"mysql://app:${SECRET}@127.0.0.1/shop\"", "postgres://"),
        ("url = \"\"", "is empty"),
        ("url = \"${NOWHERE}\"", "NOWHERE"),
        ("host = \"h\"\nuser = \"u\"\nport = \"x\"", "port is not a number"),
        ("host = \"h\"\nuser = \"u\"\nsslmode = \"always\"", "verify-full"),
        ("host = \"h\"\nuser = \"u\"\nsslmode = \"verify-full\"", "sslrootcert"),
        ("host = \"h\"\nuser = \"u\"\nsslrootcert = \"/nowhere.crt\"\nsslmode = \"require\"", "/nowhere.crt"),
        ("host = \"h\"\nuser = \"u\"\nsslrootcert = \"system\"\nsslmode = \"require\"", "sslmode=verify-full"),
        ("host = \"h\"\nwarehouse_id = \"w\"", "unknown key `warehouse_id`"),
        ("host = true", "expected a number"),
        ("database = \"shop.duckdb\"", "neither `database` nor `load`"),
    ] {
        assert_says(target, &[("SECRET", PASSWORD)], 2, &[words]);
    }
}

#[test]
fn nobody_at_the_address_is_undecided_within_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let target =
        format!("host = \"127.0.0.1\"\nport = {port}\nuser = \"app\"\npassword = \"${{SECRET}}\"\ndbname = \"shop\"\nconnect_timeout = 1");
    let start = Instant::now();
    let place = format!("127.0.0.1:{port}, database shop, as user app");
    assert_says(&target, &[("SECRET", PASSWORD)], 3, &[&place, "no answer within 1 s", "firewall"]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(listener);
    assert_says(&target, &[("SECRET", PASSWORD)], 3, &[&place, "refused", "check host and port"]);
    assert_says("", &[("PGHOST", "nowhere.invalid"), ("PGUSER", "u")], 3, &["nowhere.invalid:5432", "check the spelling of host"]);
}

#[test]
fn what_the_server_refuses_is_said_with_its_reason() {
    let Some(server) = Server::find("what_the_server_refuses_is_said_with_its_reason") else { return };
    server.role("known_role");
    let (host, port) = server.host_and_port();
    let target = "password = \"${SECRET}\"";
    let login =
        |user: &'static str, database: &'static str| [("PGHOST", host), ("PGPORT", port), ("PGUSER", user), ("PGDATABASE", database)];
    let with = |secret: &'static str, user, database| [login(user, database).to_vec(), vec![("SECRET", secret)]].concat();
    assert_says(target, &with(PASSWORD, "known_role", "postgres"), 3, &["connection: answers", "there is no table o"]);
    assert_says(target, &with("wrong", "known_role", "postgres"), 3, &["password authentication failed", "28P01", "PGPASSWORD"]);
    assert_says(target, &with("wrong", "unknown_role", "postgres"), 3, &["28P01"]);
    assert_says(target, &with(PASSWORD, "known_role", "nowhere"), 3, &["database \"nowhere\" does not exist", "3D000", "check `dbname`"]);
    assert_says("", &login("known_role", "postgres"), 3, &["password missing", "PGPASSWORD"]);
    assert_says("", &[login("known_role", "postgres").to_vec(), vec![("PGPASSWORD", PASSWORD)]].concat(), 3, &["connection: answers"]);
}

#[test]
fn doctor_names_the_rights_that_are_missing_and_what_differs_from_other_engines() {
    let Some(server) = Server::find("doctor_names_the_rights_that_are_missing_and_what_differs_from_other_engines") else { return };
    // A role with rights in a database of an earlier run cannot be made anew.
    let database = server.database("poor_database", Order::Dictionary);
    server.role("poor_role");
    database.run("create schema far; create table far.o (day date); create table public.o (day date); create view public.seen as select 1");
    let url = |user: &str, path: &str| format!("url = \"{}?options=-c%20search_path%3D{path}\"", database.url_of(user, PASSWORD));
    assert_says(
        &url("poor_role", "public"),
        &[],
        3,
        &["public.o may not be read", "grant select on public.o", "ordered as in a dictionary"],
    );
    database.run("grant select on public.o to poor_role; alter table public.o enable row level security");
    assert_says(&url("poor_role", "public"), &[], 3, &["public.o has a policy that hides rows", "bypassrls"]);
    database.run("alter table public.o disable row level security");
    assert_says(&url("poor_role", "public"), &[], 0, &["o: o is there", "ordered as in a dictionary"]);
    database.run("grant insert on public.o to poor_role");
    assert_says(&url("poor_role", "public"), &[], 0, &["the role may write to public.o;", "may only read"]);
    database.run(
        "revoke select on public.o from poor_role; alter table public.o add column secret integer; grant select (day) on public.o to poor_role",
    );
    assert_says(&url("poor_role", "public"), &[], 0, &["may not read these columns of public.o: secret", "grant select (secret)"]);
    database.run("drop table public.o; create materialized view public.o as select day from far.o with no data");
    database.run("grant select on public.o to poor_role");
    assert_says(&url("poor_role", "public"), &[], 3, &["public.o cannot be read", "has not been populated", "REFRESH MATERIALIZED VIEW"]);
    database.run("drop materialized view public.o; create view public.o as select day from far.o; grant select on public.o to poor_role");
    server.role("poor_owner_role");
    database.run("alter view public.o owner to poor_owner_role");
    assert_says(&url("poor_role", "public"), &[], 3, &["public.o cannot be read", "permission denied", "or to the owner of the view"]);
    let by_bytes = doctor(&format!("url = \"{}\"", server.url_of("poor_role", PASSWORD)), &[]).1;
    assert!(by_bytes.contains("answers at") && !by_bytes.contains("dictionary"), "{by_bytes}");
}

#[test]
fn a_password_file_is_used_and_said_to_be_ignored_when_it_is_public() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(server) = Server::find("a_password_file_is_used_and_said_to_be_ignored_when_it_is_public") else { return };
    server.role("filed_role");
    let (host, port) = server.host_and_port();
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("passwords");
    std::fs::write(&file, format!("{host}:{port}:*:filed_role:{PASSWORD}\n")).expect("a file");
    let place = file.display().to_string();
    let environment = [("PGHOST", host), ("PGPORT", port), ("PGUSER", "filed_role"), ("PGDATABASE", "postgres"), ("PGPASSFILE", &place)];
    for (mode, words) in [(0o600, "connection: answers"), (0o640, "chmod 600")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("permissions");
        assert_says("", &environment, 3, &[words]);
    }
}

#[test]
fn encryption_is_what_sslmode_says() {
    let Some(server) = Server::find("encryption_is_what_sslmode_says") else { return };
    let Some(tls) = super::address("GAPGATE_TEST_POSTGRES_TLS", "encryption_is_what_sslmode_says") else { return };
    server.role("only_encrypted");
    server.role("only_plain");
    let (host, port) = server.host_and_port();
    let outcome = |user: &str, settings: &[(&'static str, &str)]| {
        let login = [("host", host), ("port", port), ("user", user), ("password", PASSWORD), ("dbname", "postgres")];
        open(&[&login, settings].concat(), &Interrupt::default())
            .map(|warehouse| ask(warehouse.as_ref(), "select 1 as a").expect("a row").len())
    };
    for (mode, encrypted, plain) in
        [("disable", false, true), ("allow", true, true), ("prefer", true, true), ("require", true, false), ("", true, true)]
    {
        assert_eq!(outcome("only_encrypted", &[("sslmode", mode)]).is_ok(), encrypted, "{mode}");
        assert_eq!(outcome("only_plain", &[("sslmode", mode)]).is_ok(), plain, "{mode}");
    }
    let (root, stranger) = (format!("{tls}/root.crt"), format!("{tls}/stranger.crt"));
    let own = format!("{tls}/server.crt");
    // The certificate is for localhost.
    for (mode, name, certificate, good) in [
        ("verify-full", "localhost", &root, true),
        ("verify-full", "localhost", &own, true),
        ("verify-full", host, &root, false),
        ("verify-full", host, &own, false),
        ("verify-full", "localhost", &stranger, false),
        ("verify-ca", host, &root, true),
        ("verify-ca", host, &own, true),
        ("verify-ca", host, &stranger, false),
        ("require", host, &root, true),
        ("require", host, &stranger, false),
        ("verify-full", "localhost", &"system".to_owned(), false),
    ] {
        let settings = [("sslmode", mode), ("sslrootcert", certificate), ("host", name), ("hostaddr", host)];
        let found = outcome("only_encrypted", &settings);
        assert_eq!(found.is_ok(), good, "{mode} {name} {certificate}: {found:?}");
        if let Err(error) = found {
            let said = error.to_string();
            assert!(said.contains("certificate") || said.contains("sslrootcert"), "{said}");
        }
    }
}

#[test]
fn a_connection_that_breaks_is_an_error_and_the_next_is_sound() {
    let Some(server) = Server::find("a_connection_that_breaks_is_an_error_and_the_next_is_sound") else { return };
    server.role("broken_role");
    let url = server.url_of("broken_role", PASSWORD);
    let warehouse = open(&[("url", &url)], &Interrupt::default()).expect("a connection");
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'broken_role'";
    assert_eq!(server.run(kill), ["t"]);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("a fresh connection").len(), 1);
    thread::scope(|scope| {
        let asked = scope.spawn(|| ask(warehouse.as_ref(), &format!("select count(*) as n from {ENDLESS} as n")));
        while server.run("select count(*) from pg_stat_activity where usename = 'broken_role' and state = 'active'") != ["1"] {
            thread::sleep(Duration::from_millis(20));
        }
        server.run(kill);
        let said = reason(asked.join().expect("no panic"));
        assert!(said.contains("57P01") || said.contains("database postgres, as user broken_role"), "{said}");
    });
    assert_eq!(ask(warehouse.as_ref(), "select 1 as a").expect("a fresh connection").len(), 1);
}

#[test]
fn a_server_without_room_for_more_is_waited_for() {
    let Some(server) = Server::find("a_server_without_room_for_more_is_waited_for") else { return };
    server.role("lonely_role");
    server.run("alter role lonely_role connection limit 1");
    let url = server.url_of("lonely_role", PASSWORD);
    let warehouse = open(&[("url", &url)], &Interrupt::default()).expect("a connection");
    thread::scope(|scope| {
        for _ in 0..3 {
            let statement = "select count(*) as n from generate_series(1, 2000000) as n";
            scope.spawn(|| assert_eq!(ask(warehouse.as_ref(), statement).expect("a row").len(), 1));
        }
    });
    let other = open(&[("url", &url)], &Interrupt::default()).expect_err("there is no room").to_string();
    assert!(other.contains("53300") && other.contains("--jobs"), "{other}");
}
