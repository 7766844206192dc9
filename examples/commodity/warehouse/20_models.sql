-- Two commodities, three models, three half years: 18 models, each trained on the first day with data until the day before.
create schema forecast;

create table forecast.trained_models as
select
    lower(commodities.commodity) || '_' || models.model_name || '_' || strftime(trainings.day, '%Y_%m_%d') as model_id,
    commodities.commodity,
    models.model_name,
    models.model_name || '-' || strftime(trainings.day, '%Y-%m') as model_version,
    trainings.day as training_date,
    trainings.day - 1 as training_cutoff_date,
    1095 as training_samples,
    true as is_active,
    trainings.day + interval 5 hour as created_at
from (values ('Coffee'), ('Sugar')) as commodities (commodity)
cross join (values ('naive'), ('xgboost'), ('sarimax_auto_weather')) as models (model_name)
cross join (values (date '2024-01-01'), (date '2024-07-01'), (date '2025-01-01')) as trainings (day);
