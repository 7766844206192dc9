-- The ledger of processor runs up to the snapshot of 2024-07-01 12:00. A run writes two rows: one when it
-- starts, one with the same run_id when it ends. What the ledger calls a success is not always in the table.

create schema nba_reference;

create table nba_reference.processor_run_history (
    processor_name varchar not null,
    run_id varchar not null,
    data_date date not null,
    phase varchar,
    status varchar,
    started_at timestamp not null,
    processed_at timestamp,
    records_processed integer,
    failure_category varchar,
    skip_reason varchar,
    errors varchar,
    retry_attempt integer
);

insert into nba_reference.processor_run_history
with
    processors as (
        select *
        from (
            values
                (1, 'NbacScheduleProcessor', 'phase_2_raw', 6, 1),
                (2, 'NbacTeamBoxscoreProcessor', 'phase_2_raw', 8, 2),
                (3, 'NbacGamebookProcessor', 'phase_2_raw', 14, 6),
                (4, 'BdlPlayerBoxscoresProcessor', 'phase_2_raw', 7, 2),
                (5, 'OddsPlayerPropsProcessor', 'phase_2_raw', 10, 3),
                (6, 'NbacInjuryReportProcessor', 'phase_2_raw', 5, 1),
                (7, 'PlayerGameSummaryProcessor', 'phase_3_analytics', 12, 3),
                (8, 'TeamOffenseGameSummaryProcessor', 'phase_3_analytics', 9, 1),
                (9, 'TeamDefenseGameSummaryProcessor', 'phase_3_analytics', 9, 1),
                (10, 'UpcomingPlayerGameContextProcessor', 'phase_3_analytics', 30, 10),
                (11, 'UpcomingTeamGameContextProcessor', 'phase_3_analytics', 11, 2),
                (12, 'TeamDefenseZoneAnalysisProcessor', 'phase_4_precompute', 3, 0),
                (13, 'PlayerShotZoneAnalysisProcessor', 'phase_4_precompute', 3, 0),
                (14, 'PlayerCompositeFactorsProcessor', 'phase_4_precompute', 4, 0),
                (15, 'PlayerDailyCacheProcessor', 'phase_4_precompute', 4, 0),
                (16, 'MlFeatureStoreProcessor', 'phase_4_precompute', 5, 0),
                (17, 'PlayerPropPredictionsProcessor', 'phase_5_predictions', 2, 0),
                (18, 'PredictionGradingProcessor', 'phase_6_grading', 2, 0),
                (19, 'EspnTeamRosterProcessor', 'reference', 21, 0),
                (20, 'RosterRegistryProcessor', 'reference', 16, 0)
        ) as p (processor_no, processor_name, phase, seconds, seconds_per_game)
    ),

    days as (
        select
            game_date,
            count(*) as games,
            row_number() over (order by game_date) - 1 as date_no
        from nba_raw.nbac_schedule
        where game_status = 3
        group by game_date
    ),

    players as (
        select
            game_date,
            count(*) as listed,
            count(*) filter (where player_status <> 'inactive') as dressed,
            count(*) filter (where minutes > 0) as played
        from nba_raw.nbac_gamebook_player_stats
        group by game_date
    ),

    -- What a run of the processor on the date ought to write. The ledger says so even where the table disagrees.
    units as (
        select
            p.processor_no,
            p.processor_name,
            p.phase,
            d.game_date,
            d.date_no,
            p.seconds + p.seconds_per_game * d.games + (d.date_no * 5 + p.processor_no) % 7 as seconds,
            case p.processor_no
                when 1 then d.games
                when 3 then y.listed
                when 4 then y.played
                when 5 then d.games * 12
                when 6 then d.games * 10
                when 7 then y.dressed
                when 10 then y.listed
                when 19 then 450 + d.date_no % 9
                when 20 then 390
                else d.games * 2
            end as records
        from processors as p
        cross join days as d
        inner join players as y
            on d.game_date = y.game_date
    ),

    analytics_dates as (
        select distinct 7 as processor_no, game_date from nba_analytics.player_game_summary
        union all
        select distinct 8 as processor_no, game_date from nba_analytics.team_offense_game_summary
        union all
        select distinct 9 as processor_no, game_date from nba_analytics.team_defense_game_summary
        union all
        select distinct 10 as processor_no, game_date from nba_analytics.upcoming_player_game_context
        union all
        select distinct 11 as processor_no, game_date from nba_analytics.upcoming_team_game_context
    ),

    backfill_order as (
        -- The backfill went through the dates in order, one every three minutes.
        select
            game_date,
            timestamp '2024-06-29 18:00:00' + to_minutes((row_number() over (order by game_date) - 1) * 3) as slot_at
        from (select distinct game_date from analytics_dates where game_date in (select game_date from days))
    ),

    loads as (
        -- Raw tables are loaded the morning after the games, rosters and registry now and then.
        select
            processor_no,
            game_date,
            game_date + to_days(1) + to_hours(5) + to_minutes(processor_no * 6) + to_seconds(date_no * 37 % 240) as started_at
        from units
        where processor_no <= 6
            or (processor_no = 19 and dayofweek(game_date) = 1 and date_no % 4 <> 0)
            or (processor_no = 20 and date_no % 5 = 0)
        union all
        select
            a.processor_no,
            a.game_date,
            b.slot_at + to_seconds(a.processor_no * 4) as started_at
        from analytics_dates as a
        inner join backfill_order as b
            on a.game_date = b.game_date
    ),

    complaints as (
        select *
        from (
            values
                (0, 'timeout', 'DeadlineExceeded: 504 deadline of 600.0s exceeded while waiting for the query job'),
                (1, 'processing_error', 'KeyError: ''personId'' in the player block of {date}'),
                (2, 'no_data_available', 'FileNotFoundError: no file below landing/{date}/'),
                (3, 'processing_error', 'BadRequest: 400 could not serialize access to the table due to concurrent update'),
                (4, 'upstream_failure', 'DependencyError: nba_raw.nbac_team_boxscore has 0 rows for {date}'),
                (5, 'timeout', 'ReadTimeout: read timed out after 30 seconds (3 of 3 tries)'),
                (6, 'unknown', null),
                (7, 'configuration_error', 'ValueError: environment variable SOURCE_REGION is not set'),
                (8, 'processing_error', 'TypeError: unsupported operand type(s) for /: ''NoneType'' and ''int'''),
                (9, 'no_data_available', 'ConnectionError: 503 from the source, remote end closed connection'),
                -- From here on only in single incidents.
                (10, 'processing_error', 'ZeroDivisionError: division by zero in opponent pace'),
                (11, 'upstream_failure', 'DependencyError: nba_raw.nbac_team_boxscore is locked by another load of {date}'),
                (12, 'upstream_failure', 'DependencyError: nba_raw.nbac_injury_report was older than 24 hours for {date}'),
                (13, 'upstream_failure', 'DependencyError: nba_raw.nbac_schedule was older than 24 hours for {date}'),
                (14, 'processing_error', 'KeyError: ''current_points_line'''),
                (15, 'upstream_failure', 'DependencyError: nba_precompute.player_shot_zone_analysis has 0 rows for {date}')
        ) as c (complaint_no, failure_category, errors)
    ),

    flaky as (
        -- Three loads in a hundred failed at first and succeeded 45 minutes later.
        select
            l.*,
            u.date_no,
            (u.date_no * 7 + l.processor_no * 11) % 33 = 0 as fails_first
        from loads as l
        inner join units as u
            on l.processor_no = u.processor_no
            and l.game_date = u.game_date
    ),

    usual as (
        select
            f.processor_no,
            f.game_date,
            f.started_at,
            'failed' as status,
            c.failure_category,
            null as skip_reason,
            replace(c.errors, '{date}', strftime(f.game_date, '%Y-%m-%d')) as errors,
            false as is_empty
        from flaky as f
        inner join complaints as c
            on (f.date_no // 33 + f.processor_no * 3) % 10 = c.complaint_no
        where f.fails_first
        union all
        select
            processor_no,
            game_date,
            started_at + to_minutes(case when fails_first then 45 else 0 end) as started_at,
            'success' as status,
            null as failure_category,
            null as skip_reason,
            null as errors,
            false as is_empty
        from flaky
    ),

    skips as (
        -- The season's first 14 dates have no history to look back on.
        select
            processor_no,
            game_date,
            timestamp '2024-06-30 18:00:00' + to_minutes(date_no * 2) + to_seconds(processor_no * 3) as started_at,
            'early_exit' as skip_reason
        from units
        where processor_no between 12 and 16
            and date_no < 14
        union all
        -- Asked again after a success: the skip does not undo it.
        select
            u.processor_no,
            u.game_date,
            timestamp '2024-07-01 02:00:00' + to_minutes(u.date_no) as started_at,
            'already_processed' as skip_reason
        from units as u
        inner join analytics_dates as a
            on u.processor_no = a.processor_no
            and u.game_date = a.game_date
        where u.processor_no = 11
            and u.game_date between date '2023-11-01' and date '2023-11-30'
        union all
        select
            processor_no,
            game_date,
            game_date + to_days(1) + to_hours(9) + to_seconds(processor_no) as started_at,
            'no_data' as skip_reason
        from units
        where processor_no in (17, 18)
            and game_date >= date '2024-06-01'
        union all
        select
            processor_no,
            game_date,
            game_date + to_days(1) + to_hours(7) as started_at,
            'smart_skip' as skip_reason
        from units
        where processor_no = 19
            and dayofweek(game_date) = 1
            and date_no % 4 = 0
    ),

    incidents as (
        select *
        from (
            values
                -- One processor of five failed, and nobody tried again or trying again did not help.
                (9, date '2021-11-18', timestamp '2024-06-29 18:54:36', 'failed', 10),
                (9, date '2022-02-02', timestamp '2024-06-29 20:57:36', 'failed', 8),
                (9, date '2022-02-02', timestamp '2024-06-29 21:42:36', 'failed', 0),
                (9, date '2022-02-02', timestamp '2024-06-29 22:27:36', 'failed', 8),
                (9, date '2024-02-02', timestamp '2024-06-30 08:33:36', 'failed', 11),
                -- Failed on dates that the table does not have.
                (10, date '2021-10-19', timestamp '2024-06-29 18:00:40', 'failed', 12),
                (10, date '2021-11-02', timestamp '2024-06-29 18:24:40', 'failed', 5),
                (10, date '2021-11-02', timestamp '2024-06-29 19:09:40', 'failed', 5),
                (10, date '2021-11-16', timestamp '2024-06-29 18:48:40', 'failed', 14),
                (10, date '2023-01-01', timestamp '2024-06-30 01:18:40', 'failed', 14),
                (10, date '2023-01-15', timestamp '2024-06-30 01:45:40', 'failed', 14),
                (10, date '2023-01-29', timestamp '2024-06-30 02:12:40', 'failed', 6),
                (11, date '2021-10-20', timestamp '2024-06-29 18:03:44', 'failed', 7),
                (11, date '2021-11-03', timestamp '2024-06-29 18:27:44', 'failed', 7),
                (11, date '2023-01-02', timestamp '2024-06-30 01:21:44', 'failed', 13),
                (11, date '2023-01-16', timestamp '2024-06-30 01:48:44', 'failed', 0),
                -- Regressions: failed after an earlier success.
                (4, date '2023-12-13', timestamp '2024-06-28 10:05:00', 'failed', 9),
                (5, date '2024-03-05', timestamp '2024-06-28 10:20:00', 'failed', 5),
                (7, date '2024-03-06', timestamp '2024-06-30 20:10:00', 'failed', 3),
                (8, date '2022-01-17', timestamp '2024-06-30 20:25:00', 'failed', 3),
                (10, date '2023-11-10', timestamp '2024-06-30 20:40:00', 'failed', 0),
                -- The next phase was tried too early.
                (14, date '2021-11-02', timestamp '2024-06-30 19:00:00', 'failed', 15),
                (14, date '2021-11-02', timestamp '2024-06-30 19:45:00', 'failed', 15),
                (14, date '2021-11-03', timestamp '2024-06-30 19:02:00', 'failed', 15),
                -- Success without a row: into an empty table, and twice after the rows were already there.
                (16, date '2021-11-04', timestamp '2024-06-30 19:30:00', 'empty', null),
                (4, date '2024-01-12', timestamp '2024-01-13 09:05:00', 'empty', null),
                (4, date '2024-01-13', timestamp '2024-01-14 09:05:00', 'empty', null),
                -- The second load of the doubled date.
                (7, date '2022-03-06', timestamp '2024-06-30 21:00:00', 'success', null),
                -- Stale: started, and never heard of again.
                (6, date '2024-06-17', timestamp '2024-06-30 22:00:00', 'running', null),
                (10, date '2021-10-26', timestamp '2024-06-30 23:10:00', 'running', null),
                (15, date '2021-11-02', timestamp '2024-07-01 03:30:00', 'running', null)
        ) as i (processor_no, game_date, started_at, status, complaint_no)
    ),

    attempts as (
        select * from usual
        union all
        select processor_no, game_date, started_at, 'skipped', null, skip_reason, null, false from skips
        union all
        select
            i.processor_no,
            i.game_date,
            i.started_at,
            case when i.status = 'empty' then 'success' else i.status end,
            c.failure_category,
            null,
            replace(c.errors, '{date}', strftime(i.game_date, '%Y-%m-%d')),
            i.status = 'empty'
        from incidents as i
        left join complaints as c
            on i.complaint_no = c.complaint_no
    ),

    runs as (
        select
            u.processor_name,
            a.game_date as data_date,
            u.phase,
            a.status,
            a.started_at,
            case a.status
                when 'running' then null
                when 'skipped' then 1
                when 'failed' then case when a.failure_category = 'timeout' then 600 else u.seconds end
                else u.seconds
            end as seconds,
            case
                when a.status = 'success' and not a.is_empty then u.records
                when a.status <> 'running' then 0
            end as records_processed,
            a.failure_category,
            a.skip_reason,
            a.errors,
            row_number() over unit as attempt_no,
            lag(a.status) over unit as status_before
        from attempts as a
        inner join units as u
            on a.processor_no = u.processor_no
            and a.game_date = u.game_date
        window unit as (partition by a.processor_no, a.game_date order by a.started_at)
    ),

    written as (
        select
            processor_name,
            processor_name || '_' || strftime(data_date, '%Y%m%d') || '_' || attempt_no as run_id,
            data_date,
            phase,
            status,
            started_at,
            started_at + to_seconds(seconds) as processed_at,
            records_processed,
            failure_category,
            skip_reason,
            errors,
            case when status_before = 'failed' then attempt_no - 1 else 0 end as retry_attempt
        from runs
    ),

    started as (
        select
            * replace (
                'running' as status,
                cast(null as timestamp) as processed_at,
                null as records_processed,
                null as failure_category,
                null as skip_reason,
                null as errors
            )
        from written
    ),

    appended as (
        select * from started
        union all
        select * from written where status <> 'running'
    )

select *
from appended
-- In the order in which a live ledger would have received them.
order by coalesce(processed_at, started_at), run_id, processed_at nulls first;
