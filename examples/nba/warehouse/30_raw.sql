-- Five raw tables beside the schedule, complete and clean on every date that was played: what is wrong
-- further down the pipeline cannot be blamed on the sources.

create table nba_raw.nbac_team_boxscore as
with
    final as (
        select *
        from nba_raw.nbac_schedule
        where game_status = 3
    ),

    sides as (
        select game_id, game_date, home_team_tricode as team_abbr, true as is_home, home_score as points
        from final
        union all
        select game_id, game_date, away_team_tricode as team_abbr, false as is_home, away_score as points
        from final
    )

select
    game_id,
    game_date,
    team_abbr,
    is_home,
    points,
    80 + points % 13 as field_goal_attempts,
    38 + points % 11 as rebounds
from sides
order by game_date, game_id, is_home;

-- Eleven players a team: ten played; the eleventh did not play or was not even dressed.
create table nba_raw.nbac_gamebook_player_stats as
with
    names as (
        select
            [
                'aaron', 'bruno', 'caleb', 'dorian', 'elias', 'felix', 'gideon', 'hugo', 'isaac', 'jonah',
                'kofi', 'leon', 'mateo', 'niko', 'owen', 'pablo', 'quentin', 'ruben', 'silas', 'tomas',
                'ugo', 'viktor', 'wendell', 'xavier', 'yusuf', 'zane'
            ] as first_names,
            [
                'abbott', 'barlow', 'carver', 'dunmore', 'ellery', 'fenwick', 'garrow', 'hollis', 'inskip', 'jessop',
                'kersey', 'lambert', 'merrick', 'norwood', 'osgood'
            ] as last_names
    ),

    teams as (
        select
            team_abbr,
            row_number() over (order by team_abbr) - 1 as team_no
        from nba_raw.nbac_team_boxscore
        group by team_abbr
    ),

    rosters as (
        -- Thirteen players a team. 7 has no factor in common with 390, so every pair of names is used once.
        select
            t.team_abbr,
            r.roster_no,
            n.first_names[1 + ((t.team_no * 13 + r.roster_no) * 7 % 390) // 15]
                || n.last_names[1 + ((t.team_no * 13 + r.roster_no) * 7 % 390) % 15] as player_lookup
        from teams as t
        cross join generate_series(0, 12) as r (roster_no)
        cross join names as n
    ),

    shares as (
        -- Percent of the team's points and minutes on the floor; they add up to 100 and 240.
        select *
        from (
            values
                (1, 22, 36), (2, 18, 34), (3, 14, 32), (4, 11, 30), (5, 9, 28), (6, 8, 22),
                (7, 6, 18), (8, 5, 16), (9, 4, 14), (10, 3, 10), (11, 0, 0)
        ) as s (slot, points_share, minutes_share)
    ),

    sheet as (
        select
            b.game_id,
            b.game_date,
            b.team_abbr,
            b.is_home,
            b.points as team_points,
            s.slot,
            s.points_share,
            s.minutes_share,
            cast(substr(b.game_id, 6) as integer) as game_no,
            -- The first nine are always the same; the last two take turns.
            case
                when s.slot <= 9 then s.slot - 1
                else 9 + (cast(substr(b.game_id, 6) as integer) + s.slot) % 4
            end as roster_no
        from nba_raw.nbac_team_boxscore as b
        cross join shares as s
    )

select
    s.game_id,
    s.game_date,
    r.player_lookup,
    s.team_abbr,
    case
        when s.slot <= 10 then 'active'
        when s.is_home and s.game_no % 5 <> 0 then 'dnp'
        else 'inactive'
    end as player_status,
    -- What one of a pair plays more, the other plays less.
    cast(
        case
            when s.slot = 11 then 0
            when s.slot % 2 = 1 then s.minutes_share + (s.game_no + (s.slot + 1) // 2) % 7 * 0.5
            else s.minutes_share - (s.game_no + (s.slot + 1) // 2) % 7 * 0.5
        end as double
    ) as minutes,
    cast(
        case
            -- What rounding leaves over goes to the first player, so that the team's points add up.
            when s.slot = 1
                then s.team_points - sum(case when s.slot > 1 then s.team_points * s.points_share // 100 else 0 end)
                    over (partition by s.game_id, s.team_abbr)
            else s.team_points * s.points_share // 100
        end as integer
    ) as points
from sheet as s
inner join rosters as r
    on s.team_abbr = r.team_abbr
    and s.roster_no = r.roster_no
order by s.game_date, s.game_id, s.team_abbr, s.slot;

-- The second source knows only those who played.
create table nba_raw.bdl_player_boxscores as
select
    game_id,
    game_date,
    player_lookup,
    team_abbr,
    minutes,
    points
from nba_raw.nbac_gamebook_player_stats
where minutes > 0
order by game_date, game_id, team_abbr, player_lookup;

-- Two bookmakers, the three best scorers of either team.
create table nba_raw.odds_player_props as
with
    offered as (
        select
            game_id,
            game_date,
            player_lookup,
            points,
            row_number() over (partition by game_id, team_abbr order by points desc, player_lookup) as place
        from nba_raw.nbac_gamebook_player_stats
        qualify place <= 3
    ),

    bookmakers as (
        select *
        from (values ('draftkings', 0), ('fanduel', 1)) as b (bookmaker, bookmaker_no)
    )

select
    o.game_id,
    o.game_date,
    o.player_lookup,
    b.bookmaker,
    'points' as market_type,
    cast(o.points + (o.points + b.bookmaker_no) % 3 - 0.5 as double) as points_line,
    cast(-(105 + (o.points + b.bookmaker_no * 5) % 15) as integer) as over_price,
    cast(60 + b.bookmaker_no * 30 as integer) as minutes_before_tipoff
from offered as o
cross join bookmakers as b
order by o.game_date, o.game_id, o.player_lookup, b.bookmaker;

-- Five hourly snapshots on every game day, each naming the players that later did not play.
create table nba_raw.nbac_injury_report as
with
    hours as (
        select *
        from (values (11), (13), (15), (17), (20)) as h (report_hour)
    )

select
    g.game_date as report_date,
    cast(h.report_hour as integer) as report_hour,
    g.player_lookup,
    g.team_abbr,
    case
        when g.player_status = 'inactive' then 'Out'
        when h.report_hour < 17 then 'Questionable'
        else 'Probable'
    end as injury_status,
    case cast(substr(g.game_id, 6) as integer) % 4
        when 0 then 'Injury/Illness - Left Ankle; Sprain'
        when 1 then 'Injury/Illness - Right Knee; Soreness'
        when 2 then 'Rest'
        else 'Injury/Illness - N/A; Illness'
    end as reason
from nba_raw.nbac_gamebook_player_stats as g
cross join hours as h
where g.minutes = 0
order by report_date, report_hour, g.player_lookup;
