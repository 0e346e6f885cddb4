"""The read side's own copy of what workers published: a materialised view in one SQLite file.

batches   what a source hands over at once, and what a source is
tables    the tables, and how the file is opened
writing   batches into the tables, each in one transaction with the positions it reaches
reading   questions to the tables
embedded  the source of the embedded default: the file of `streamer demo`
"""
