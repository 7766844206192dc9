-- A forecast for each commodity, model and calendar day, of the newest model and the last close before the day.
create table forecast.forecast_metadata as
with
    days as (
        select day::date as forecast_date
        from range(date '2024-01-01', date '2025-03-15', interval 1 day) as days (day)
    ),

    with_models as (
        select
            days.forecast_date,
            trained_models.commodity,
            trained_models.model_name,
            trained_models.model_version,
            trained_models.training_cutoff_date as data_cutoff_date
        from days
        inner join forecast.trained_models
            on trained_models.training_date <= days.forecast_date
            and days.forecast_date < (trained_models.training_date + interval 6 month)::date
    )

select
    with_models.*,
    prices.close as last_close,
    true as model_success,
    with_models.forecast_date + interval 372 minute as generated_at
from with_models
asof join market.prices
    on with_models.commodity = prices.commodity
    and with_models.forecast_date > prices.day;

-- Fourteen days ahead; a model's drift tells it from the others.
create table forecast.point_forecasts as
select
    forecast_metadata.forecast_date,
    forecast_metadata.data_cutoff_date,
    ahead.day_ahead::integer as day_ahead,
    forecast_metadata.commodity,
    forecast_metadata.model_name,
    forecast_metadata.model_version,
    round(last_close * (1 + drift.a_day * day_ahead), 4)::double as mean,
    drift.std::double as std,
    round(last_close * (1 + drift.a_day * day_ahead) - 1.96 * drift.std * sqrt(day_ahead), 4)::double as lower_95,
    round(last_close * (1 + drift.a_day * day_ahead) + 1.96 * drift.std * sqrt(day_ahead), 4)::double as upper_95,
    false as has_data_leakage
from forecast.forecast_metadata
inner join (values ('naive', 0.0, 0.9), ('xgboost', 0.002, 0.7), ('sarimax_auto_weather', 0.001, 0.6)) as drift (model_name, a_day, std)
    on forecast_metadata.model_name = drift.model_name
cross join range(1, 15) as ahead (day_ahead);

-- Two thousand paths: of the first day of each quarter, and of every day since the daily job runs.
create table forecast.distributions as
with
    kept as (
        select
            *,
            last_close::double as close
        from forecast.forecast_metadata
        where forecast_date >= date '2025-03-10'
            or (day(forecast_date) = 1 and month(forecast_date) % 3 = 1)
    ),

    numbered as (
        select
            kept.*,
            paths.path_id::integer as path_id,
            (paths.path_id * 31 + dayofyear(kept.forecast_date) * 7 + length(kept.model_name))::integer as seed
        from kept
        cross join range(1, 2001) as paths (path_id)
    )

select
    path_id,
    forecast_date as forecast_start_date,
    data_cutoff_date,
    generated_at as generation_timestamp,
    commodity,
    model_name,
    model_version,
    round(close + (seed * 1 % 401 - 200) / 100, 2) as day_1,
    round(close + (seed * 2 % 401 - 200) / 100, 2) as day_2,
    round(close + (seed * 3 % 401 - 200) / 100, 2) as day_3,
    round(close + (seed * 4 % 401 - 200) / 100, 2) as day_4,
    round(close + (seed * 5 % 401 - 200) / 100, 2) as day_5,
    round(close + (seed * 6 % 401 - 200) / 100, 2) as day_6,
    round(close + (seed * 7 % 401 - 200) / 100, 2) as day_7,
    round(close + (seed * 8 % 401 - 200) / 100, 2) as day_8,
    round(close + (seed * 9 % 401 - 200) / 100, 2) as day_9,
    round(close + (seed * 10 % 401 - 200) / 100, 2) as day_10,
    round(close + (seed * 11 % 401 - 200) / 100, 2) as day_11,
    round(close + (seed * 12 % 401 - 200) / 100, 2) as day_12,
    round(close + (seed * 13 % 401 - 200) / 100, 2) as day_13,
    round(close + (seed * 14 % 401 - 200) / 100, 2) as day_14,
    false as is_actuals,
    false as has_data_leakage
from numbered;

-- What came true, one row a day as the closes come in; who marks it by `model_version` may set the flag too.
insert into forecast.distributions
with
    closes as (
        select
            days.day,
            prices.commodity,
            prices.close::double as close,
            row_number() over (partition by days.day, prices.commodity order by prices.day) as place
        from market.trading_calendar as days
        inner join market.prices
            on prices.day > days.day
        where days.day between date '2024-01-01' and date '2025-03-14'
    )

select
    0 as path_id,
    closes.day as forecast_start_date,
    closes.day as data_cutoff_date,
    timestamp '2025-03-14 06:12:00' as generation_timestamp,
    closes.commodity,
    'actuals' as model_name,
    'actuals' as model_version,
    max(case when closes.place = 1 then closes.close end) as day_1,
    max(case when closes.place = 2 then closes.close end) as day_2,
    max(case when closes.place = 3 then closes.close end) as day_3,
    max(case when closes.place = 4 then closes.close end) as day_4,
    max(case when closes.place = 5 then closes.close end) as day_5,
    max(case when closes.place = 6 then closes.close end) as day_6,
    max(case when closes.place = 7 then closes.close end) as day_7,
    max(case when closes.place = 8 then closes.close end) as day_8,
    max(case when closes.place = 9 then closes.close end) as day_9,
    max(case when closes.place = 10 then closes.close end) as day_10,
    max(case when closes.place = 11 then closes.close end) as day_11,
    max(case when closes.place = 12 then closes.close end) as day_12,
    max(case when closes.place = 13 then closes.close end) as day_13,
    max(case when closes.place = 14 then closes.close end) as day_14,
    true as is_actuals,
    false as has_data_leakage
from closes
where closes.place <= 14
group by closes.day, closes.commodity;
