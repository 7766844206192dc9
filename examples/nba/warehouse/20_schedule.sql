-- The schedule as a snapshot of 2024-07-01 12:00: three seasons played, the fourth only announced.
-- Dates and games per date are those of game_days; opponents, scores and times are made up from the
-- position of the game, so that every load gives the same rows.

create schema nba_raw;

create table nba_raw.nbac_schedule as
with
    teams as (
        select
            [
                'ATL', 'BKN', 'BOS', 'CHA', 'CHI', 'CLE', 'DAL', 'DEN', 'DET', 'GSW',
                'HOU', 'IND', 'LAC', 'LAL', 'MEM', 'MIA', 'MIL', 'MIN', 'NOP', 'NYK',
                'OKC', 'ORL', 'PHI', 'PHX', 'POR', 'SAC', 'SAS', 'TOR', 'UTA', 'WAS'
            ] as codes,
            -- Each has no factor in common with 30, so a stride never meets the same team twice on a date.
            [1, 7, 11, 13, 17, 19, 23, 29] as strides
    ),

    days as (
        select
            game_date,
            season,
            games,
            regular,
            play_in,
            playoff,
            row_number() over (order by game_date) as day_no
        from game_days
    ),

    slots as (
        select
            d.*,
            cast(s.slot as integer) as slot,
            case
                when s.slot <= d.regular then '002'
                when s.slot <= d.regular + d.play_in then '005'
                when s.slot <= d.regular + d.play_in + d.playoff then '004'
                else '003'
            end as prefix
        from days as d
        cross join generate_series(1, 15) as s (slot)
        where s.slot <= d.games
    ),

    numbered as (
        select
            *,
            row_number() over (partition by season, prefix order by game_date, slot) as game_no
        from slots
    ),

    games as (
        select
            n.prefix || substr(n.season, 3, 2) || lpad(cast(n.game_no as varchar), 5, '0') as game_id,
            n.game_date,
            n.season,
            n.prefix = '003' as is_all_star,
            n.prefix = '004' as is_playoffs,
            t.codes[1 + (t.strides[1 + n.day_no % 8] * (2 * n.slot - 1) + n.day_no) % 30] as home_team_tricode,
            t.codes[1 + (t.strides[1 + n.day_no % 8] * (2 * n.slot - 2) + n.day_no) % 30] as away_team_tricode,
            cast(98 + (n.game_no * 17 + n.day_no * 5) % 34 as integer) as home_points,
            cast(95 + (n.game_no * 11 + n.day_no * 7) % 34 as integer) as away_points,
            n.game_no,
            n.slot,
            n.game_date <= date '2024-06-30' as is_played
        from numbered as n
        cross join teams as t
    ),

    announced as (
        select
            *,
            case
                when is_played then game_date - to_days(cast(2 + game_no % 9 as integer)) + to_hours(9)
                else timestamp '2024-06-30 09:00:00'
            end as processed_at
        from games
        -- The table is append-only: two games in five keep the row written before they were played.
        where not is_played or game_no % 5 < 2
    ),

    announced_again as (
        -- One announced game in seven was published a second time: still one game.
        select
            * exclude (processed_at),
            timestamp '2024-07-01 09:00:00' as processed_at
        from announced
        where not is_played and game_no % 7 = 3
    ),

    final as (
        select
            *,
            game_date + to_days(1) + to_hours(5) + to_minutes(slot * 2) as processed_at
        from games
        where is_played
    ),

    versions as (
        select *, 1 as game_status from announced
        union all
        select *, 1 as game_status from announced_again
        union all
        select *, 3 as game_status from final
    )

select
    game_id,
    game_date,
    season,
    cast(game_status as integer) as game_status,
    is_all_star,
    is_playoffs,
    home_team_tricode,
    away_team_tricode,
    -- No draws: the home team takes one point more.
    case when game_status = 3 then home_points + cast(home_points = away_points as integer) end as home_score,
    case when game_status = 3 then away_points end as away_score,
    cast(processed_at as timestamp) as processed_at
from versions
order by game_date, game_id, processed_at;
