"""One adapter per way to run the checks; `ALL` lists them in the order in which they are run and shown."""
from tools import dbt, floor, gapgate, gx, pointblank_, soda3, soda4, sqlmesh

ALL = [
    gapgate.Gapgate(),
    floor.FusedCli(), floor.FusedPy(), floor.FusedPy2(), floor.FloorPy(), floor.FloorPy2(),
    floor.SeqPy(), floor.Seq20Cli(), floor.SeqCli(),
    soda4.Soda4Api(), soda4.Soda4Cli(), soda3.Soda3(),
    gx.Gx(), gx.GxComplete(), gx.GxAsIs(),
    dbt.Dbt(), dbt.DbtStore(), sqlmesh.Sqlmesh(), pointblank_.Pointblank(),
]
