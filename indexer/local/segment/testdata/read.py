"""Prints what pyarrow and DuckDB read from a Parquet file, as JSON: for each, a
map of column names to the list of values. Times become nanoseconds."""
import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

path = sys.argv[1]

table = pq.ParquetFile(path, page_checksum_verification=True).read()
arrow, types = {}, {}
for name, column in zip(table.column_names, table.columns):
    types[name] = str(column.type)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    arrow[name] = column.to_pylist()

con = duckdb.connect()
con.execute("set timezone='UTC'")
con.execute(f"create view flows as select * from read_parquet('{path}')")
names = [d[0] for d in con.execute("select * from flows limit 0").description]
duck = {}
for name in names:
    expression = f'"{name}"'
    if types[name].startswith("timestamp"):
        expression = f"epoch_ns({expression})"
    duck[name] = [row[0] for row in con.execute(f"select {expression} from flows").fetchall()]
groups = con.execute('select "destination.ip", sum("network.bytes"), count(*) from flows group by 1 order by 2 desc, 1').fetchall()
json.dump({"arrow": arrow, "duckdb": duck, "types": types,
           "groups": [[str(v) for v in row] for row in groups]}, sys.stdout)
