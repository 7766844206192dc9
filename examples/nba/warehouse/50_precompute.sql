-- The precompute tables exist, but the backfill has not reached them: no rows on any date.
-- Each has its own date column, and two of them no game at all.

create schema nba_precompute;

create table nba_precompute.team_defense_zone_analysis (
    team_abbr varchar,
    analysis_date date,
    games_in_window integer,
    paint_defense_pct double,
    three_pt_defense_pct double,
    processed_at timestamp
);

create table nba_precompute.player_shot_zone_analysis (
    player_lookup varchar,
    analysis_date date,
    games_in_window integer,
    paint_rate double,
    three_pt_rate double,
    processed_at timestamp
);

create table nba_precompute.player_composite_factors (
    player_lookup varchar,
    game_id varchar,
    game_date date,
    fatigue_score double,
    opponent_strength_score double,
    processed_at timestamp
);

create table nba_precompute.player_daily_cache (
    player_lookup varchar,
    cache_date date,
    points_avg_last_5 double,
    points_avg_last_10 double,
    games_played_season integer,
    processed_at timestamp
);

create table nba_precompute.ml_feature_store_v2 (
    player_lookup varchar,
    feature_version varchar,
    game_date date,
    game_id varchar,
    feature_count integer,
    quality_score double,
    processed_at timestamp
);
