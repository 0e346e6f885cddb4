"""The read side over HTTP: what people and programs ask about segments, and the live page.

Read in this order:

follower    a thread that lets the view follow what workers publish
catalogue   the segments as the rule files declare them
rulebook    the rules that decide, and those that the files hold by now
questions   query strings and paths into values, or a problem
problems    what is answered instead of an answer (RFC 9457)
answers     the JSON of each answer, from view and catalogue
answering   where answers are made: in this thread or in another
routes      which path asks for which answer: the source of the router and the OpenAPI document
openapi     that document, with the schemas of the answers
tokens      the tokens of a file, and the cookie that a page gets for one
admission   who is let in, and how often
responses   answers as responses of HTTP
stream      changes as server-sent events
pages       the files of the page
server      all of it behind aiohttp, until stopped
opening     a server put together, over Kafka or over the file of the embedded default
"""
