-- Five analytics tables, written by a backfill that got part of the way: runs of about a week, each table on
-- its own dates. Seven kinds of damage are planted inside them; each is marked where it is made.

create schema nba_analytics;

-- Which table was loaded on which dates. Only needed while the tables are built.
create temp table loaded_dates as
with
    quotas as (
        select *
        from (
            values
                -- The shift lets the runs of a table begin before or after those of its sisters.
                ('player_game_summary', 0, 2021, 34),
                ('player_game_summary', 0, 2022, 91),
                ('player_game_summary', 0, 2023, 112),
                ('player_game_summary', 0, 2024, 74),
                ('team_offense_game_summary', 0, 2021, 36),
                ('team_offense_game_summary', 0, 2022, 96),
                ('team_offense_game_summary', 0, 2023, 112),
                ('team_offense_game_summary', 0, 2024, 76),
                ('team_defense_game_summary', 0, 2021, 33),
                ('team_defense_game_summary', 0, 2022, 90),
                ('team_defense_game_summary', 0, 2023, 108),
                ('team_defense_game_summary', 0, 2024, 70),
                ('upcoming_player_game_context', 13, 2021, 28),
                ('upcoming_player_game_context', 13, 2022, 70),
                ('upcoming_player_game_context', 13, 2023, 92),
                ('upcoming_player_game_context', 13, 2024, 60),
                ('upcoming_team_game_context', 12, 2021, 30),
                ('upcoming_team_game_context', 12, 2022, 72),
                ('upcoming_team_game_context', 12, 2023, 96),
                ('upcoming_team_game_context', 12, 2024, 62)
        ) as q (table_name, shift, calendar_year, dates)
    ),

    played as (
        select
            game_date,
            year(game_date) as calendar_year
        from nba_raw.nbac_schedule
        where game_status = 3
        group by game_date
    ),

    numbered as (
        select
            *,
            row_number() over (partition by calendar_year order by game_date) - 1 as date_no,
            count(*) over (partition by calendar_year) as dates_of_year
        from played
    )

select
    q.table_name,
    n.game_date
from numbered as n
inner join quotas as q
    on n.calendar_year = q.calendar_year
-- Of every fourteen dates the first few, as many as the year's quota needs; the last run is cut off.
where (n.date_no + q.shift) % 14 < (14 * q.dates + n.dates_of_year - 1) // n.dates_of_year
qualify row_number() over (partition by q.table_name, n.calendar_year order by n.game_date) <= q.dates;

-- Damage: one processor of five failed on three dates, so this table lacks dates that its sisters have.
delete from loaded_dates
where table_name = 'team_defense_game_summary'
    and game_date in (date '2021-11-18', date '2022-02-02', date '2024-02-02');

create table nba_analytics.player_game_summary as
with
    intact as (
        select
            g.game_id,
            g.game_date,
            g.player_lookup,
            g.team_abbr,
            g.minutes as minutes_played,
            g.points,
            -- Not defined for those who did not play or only for a moment: about 5 % of the rows.
            case when g.minutes >= 7.5 then cast(12 + g.points * 0.6 as double) end as usage_rate,
            g.player_status = 'active' as is_active,
            cast(2000 + cast(substr(g.game_id, 4, 2) as integer) as integer) as season_year
        from nba_raw.nbac_gamebook_player_stats as g
        inner join loaded_dates as l
            on g.game_date = l.game_date
            and l.table_name = 'player_game_summary'
        where g.player_status <> 'inactive'
    ),

    damaged as (
        select
            game_id,
            game_date,
            player_lookup,
            team_abbr,
            minutes_played,
            -- Damage: no points on a whole date.
            case when game_date <> date '2024-01-19' then points end as points,
            usage_rate,
            is_active,
            season_year
        from intact
        -- Damage: one row of 187 on one date.
        qualify game_date <> date '2023-02-23' or row_number() over (partition by game_date order by game_id, player_lookup) = 1
    ),

    doubled as (
        -- Damage: one date loaded twice.
        select *
        from damaged
        where game_date = date '2022-03-06'
    ),

    foreign_rows as (
        -- Damage: rows on two days of the season without a game, under ids that the schedule does not know.
        select
            f.game_id,
            f.foreign_date as game_date,
            i.player_lookup,
            i.team_abbr,
            i.minutes_played,
            i.points,
            i.usage_rate,
            i.is_active,
            i.season_year
        from (
            values
                ('0022109901', date '2021-12-24', date '2021-12-20', 3),
                ('0022309901', date '2023-11-23', date '2023-11-22', 4)
        ) as f (game_id, foreign_date, copied_from, copied_rows)
        inner join intact as i
            on f.copied_from = i.game_date
        qualify row_number() over (partition by f.foreign_date order by i.game_id, i.points desc, i.player_lookup) <= f.copied_rows
    ),

    written as (
        select * from damaged
        union all
        select * from doubled
        union all
        select * from foreign_rows
    )

select *
from written
order by game_date, game_id, team_abbr, player_lookup;

create table nba_analytics.team_offense_game_summary as
with
    intact as (
        select
            b.game_id,
            b.game_date,
            b.team_abbr,
            b.points,
            b.field_goal_attempts,
            cast(94 + b.field_goal_attempts % 12 as double) as pace,
            cast(90 + b.points % 40 as double) as offensive_rating
        from nba_raw.nbac_team_boxscore as b
        inner join loaded_dates as l
            on b.game_date = l.game_date
            and l.table_name = 'team_offense_game_summary'
    ),

    damaged as (
        select
            *,
            row_number() over (partition by game_date order by game_id, team_abbr) as row_no
        from intact
        -- Damage: two rows of sixteen on one date.
        qualify game_date <> date '2023-03-19' or row_no <= 2
    )

select
    game_id,
    -- Damage: one row that has lost its date, so that no check by date can see it.
    case when game_date <> date '2022-11-16' or row_no <> 1 then game_date end as game_date,
    team_abbr,
    points,
    field_goal_attempts,
    pace,
    offensive_rating
from damaged
order by game_id, team_abbr;

create table nba_analytics.team_defense_game_summary as
select
    d.game_id,
    d.game_date,
    d.team_abbr as defending_team_abbr,
    o.team_abbr as opponent_team_abbr,
    o.points as points_allowed,
    o.field_goal_attempts // 2 as opponent_paint_attempts,
    cast(90 + o.points % 40 as double) as defensive_rating
from nba_raw.nbac_team_boxscore as d
inner join nba_raw.nbac_team_boxscore as o
    on d.game_id = o.game_id
    and d.team_abbr <> o.team_abbr
inner join loaded_dates as l
    on d.game_date = l.game_date
    and l.table_name = 'team_defense_game_summary'
order by d.game_date, d.game_id, d.team_abbr;

create table nba_analytics.upcoming_team_game_context as
with
    context as (
        select
            b.game_id,
            b.game_date,
            b.team_abbr,
            o.team_abbr as opponent_team_abbr,
            b.is_home,
            -- Counted before the dates are narrowed down: the week before may not have been loaded.
            cast(
                count(*) over (
                    partition by b.team_abbr
                    order by b.game_date
                    range between interval 7 day preceding and interval 1 day preceding
                ) as integer
            ) as games_last_7_days
        from nba_raw.nbac_team_boxscore as b
        inner join nba_raw.nbac_team_boxscore as o
            on b.game_id = o.game_id
            and b.team_abbr <> o.team_abbr
    )

select c.*
from context as c
inner join loaded_dates as l
    on c.game_date = l.game_date
    and l.table_name = 'upcoming_team_game_context'
order by c.game_date, c.game_id, c.team_abbr;

create table nba_analytics.upcoming_player_game_context as
select
    g.game_id,
    g.game_date,
    g.player_lookup,
    g.team_abbr,
    o.team_abbr as opponent_team_abbr,
    not o.is_home as is_home,
    -- Nobody knows before the game who will not be dressed: every player of the gamebook is here.
    g.player_status <> 'active' as is_on_injury_report
from nba_raw.nbac_gamebook_player_stats as g
inner join nba_raw.nbac_team_boxscore as o
    on g.game_id = o.game_id
    and g.team_abbr <> o.team_abbr
inner join loaded_dates as l
    on g.game_date = l.game_date
    and l.table_name = 'upcoming_player_game_context'
order by g.game_date, g.game_id, g.team_abbr, g.player_lookup;

drop table loaded_dates;
