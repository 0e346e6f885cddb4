"""The JSON of each answer: functions of a context, one for each route.

context     what an answer is made from, and what every answer says
segments    who is in which segment: the list, one of them, its members, its overlaps
sizes       sizes and flows over time
customers   one customer: where, why and why not, what comes next, the story
effects     what reacting to a segment brings, where customers are held out
happenings  the latest changes, and what was rejected
advice      what to write instead of what was rejected
delivering  whether changes reach webhooks and reactions
system      the rules that decide, and how it is
"""
