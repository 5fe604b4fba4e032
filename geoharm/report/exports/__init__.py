"""Files for other programs: run.json, tables, workbook, GIS layers."""
