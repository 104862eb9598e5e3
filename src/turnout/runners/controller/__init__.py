"""The controller process: what users write in, tables and statuses out.

reflectors ──► Snapshot ──► translate ──► parts ──► Channel ──► workers, scraper, parent
                                └──► statuses, once the workers have acknowledged ──► StatusWriter ──► the API
"""
