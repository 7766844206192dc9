-- Everything that is wrong with this warehouse, letter by letter as in README.md. Without this file both gates say go.

-- a. Retrained three days late, so the first three forecasts of the half year come from the model before.
update forecast.trained_models
set training_date = '2024-07-04', training_cutoff_date = '2024-07-03'
where commodity = 'Sugar' and model_name = 'sarimax_auto_weather' and training_date = '2024-07-01';

update forecast.point_forecasts
set model_version = 'sarimax_auto_weather-2024-01', data_cutoff_date = '2023-12-31'
where commodity = 'Sugar' and model_name = 'sarimax_auto_weather' and forecast_date between '2024-07-01' and '2024-07-03';

update forecast.distributions
set model_version = 'sarimax_auto_weather-2024-01', data_cutoff_date = '2023-12-31'
where commodity = 'Sugar' and model_name = 'sarimax_auto_weather' and forecast_start_date = '2024-07-01';

-- b. Two models share a version, so whoever looks for it by commodity and version takes one for the other.
update forecast.trained_models
set model_version = 'sarimax_auto_weather-2025-01'
where commodity = 'Coffee' and model_name = 'xgboost' and training_date = '2025-01-01';

update forecast.point_forecasts
set model_version = 'sarimax_auto_weather-2025-01'
where commodity = 'Coffee' and model_name = 'xgboost' and forecast_date >= '2025-01-01';

-- c. Trained twice for the same date, and both are active.
insert into forecast.trained_models
select * replace ('naive-2024-07-again' as model_version)
from forecast.trained_models
where commodity = 'Sugar' and model_name = 'naive' and training_date = '2024-07-01';

-- d. A model that nobody asked for, trained and never used.
insert into forecast.trained_models
select * replace ('coffee_random_walk_2024_01_01' as model_id, 'random_walk' as model_name, 'random_walk-2024-01' as model_version)
from forecast.trained_models
where commodity = 'Coffee' and model_name = 'naive' and training_date = '2024-01-01';

-- e. No forecast on the day of retraining: the cutoff was the day itself, and candidates had to be after it.
delete from forecast.point_forecasts where commodity = 'Coffee' and model_name = 'xgboost' and forecast_date = '2024-07-01';
delete from forecast.distributions where commodity = 'Coffee' and model_name = 'xgboost' and forecast_start_date = '2024-07-01';

-- f. A cutoff on the forecast date; the flag is false, as it is everywhere.
update forecast.point_forecasts
set data_cutoff_date = forecast_date
where commodity = 'Sugar' and model_name = 'naive' and forecast_date = '2024-05-17';

-- g. A cutoff that nobody knows.
update forecast.point_forecasts
set data_cutoff_date = null
where commodity = 'Coffee' and model_name = 'naive' and forecast_date = '2024-09-03';

-- h. A flag that claims a leak where there is none.
update forecast.point_forecasts
set has_data_leakage = true
where commodity = 'Sugar' and model_name = 'xgboost' and forecast_date = '2024-11-11';

-- i. Three forecasts of the model of January, although the one of July was there.
update forecast.point_forecasts
set model_version = 'sarimax_auto_weather-2024-01'
where commodity = 'Coffee' and model_name = 'sarimax_auto_weather' and forecast_date between '2024-08-20' and '2024-08-22';

-- j. 1,999 paths of 2,000.
delete from forecast.distributions
where commodity = 'Coffee' and model_name = 'sarimax_auto_weather' and forecast_start_date = '2024-10-01' and path_id = 1337;

-- k. A path without its last day.
update forecast.distributions
set day_14 = null
where commodity = 'Sugar' and model_name = 'xgboost' and forecast_start_date = '2025-01-01' and path_id = 77;

-- l. Paths numbered from 0 to 1,999.
update forecast.distributions
set path_id = path_id - 1
where commodity = 'Sugar' and model_name = 'naive' and forecast_start_date = '2024-04-01' and not is_actuals;

-- m. Written twice: the version that was written is not the version that the rerun looked for.
insert into forecast.distributions
select * replace ('naive_v1.0' as model_version)
from forecast.distributions
where commodity = 'Coffee' and model_name = 'naive' and forecast_start_date = '2024-04-01';

-- n. Thirteen days ahead of fourteen.
delete from forecast.point_forecasts
where commodity = 'Sugar' and model_name = 'xgboost' and forecast_date = '2024-06-12' and day_ahead = 9;

-- o. Fourteen rows, of which two are of the same day.
update forecast.point_forecasts
set day_ahead = 5
where commodity = 'Coffee' and model_name = 'naive' and forecast_date = '2024-12-02' and day_ahead = 6;

-- p. Bounds that do not widen with the days.
update forecast.point_forecasts
set lower_95 = mean - 1.96 * std
where commodity = 'Sugar' and model_name = 'sarimax_auto_weather' and forecast_date = '2024-09-25';

-- q. One forecast, copied over twelve days.
update forecast.point_forecasts as copies
set mean = first_one.mean, lower_95 = first_one.lower_95, upper_95 = first_one.upper_95
from forecast.point_forecasts as first_one
where first_one.commodity = 'Coffee' and first_one.model_name = 'sarimax_auto_weather' and first_one.forecast_date = '2024-03-04'
    and copies.commodity = first_one.commodity
    and copies.model_name = first_one.model_name
    and copies.day_ahead = first_one.day_ahead
    and copies.forecast_date between '2024-03-05' and '2024-03-15';

-- r. One region instead of four: the date is there, the rows are not.
delete from market.weather where day = '2024-11-05' and region <> 'Mogiana';

-- s. The daily job says success and has written no paths.
delete from forecast.distributions
where commodity = 'Coffee' and model_name = 'xgboost' and forecast_start_date = '2025-03-12';

-- t. The display name instead of the key.
update forecast.point_forecasts
set model_name = 'Naive'
where commodity = 'Sugar' and model_name = 'naive' and forecast_date = '2025-03-13';

-- u. Data of the day itself in the paths of the daily job.
update forecast.distributions
set data_cutoff_date = forecast_start_date
where commodity = 'Coffee' and model_name = 'naive' and forecast_start_date = '2025-03-11' and model_version <> 'actuals';

-- v. Actuals under the legacy convention, by the flag alone.
update forecast.distributions
set model_version = 'v1.0', path_id = 1
where commodity = 'Coffee' and model_version = 'actuals' and forecast_start_date = '2025-02-03';

-- w. Actuals by both conventions, for one day.
insert into forecast.distributions
select * replace ('v1.0' as model_version)
from forecast.distributions
where commodity = 'Sugar' and model_version = 'actuals' and forecast_start_date = '2024-06-03';

-- x. Actuals of which the fourteenth day never came, and a day that has none.
update forecast.distributions
set day_14 = null
where commodity = 'Sugar' and model_version = 'actuals' and forecast_start_date = '2025-01-15';

delete from forecast.distributions
where commodity = 'Coffee' and model_version = 'actuals' and forecast_start_date = '2024-12-24';
