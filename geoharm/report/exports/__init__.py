"""Files for other programs: run.json, tables, workbook and GIS layers."""
