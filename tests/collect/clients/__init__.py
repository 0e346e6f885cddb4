"""Real clients, each a program: `PROGRAM URL KEY PREFIX COUNT` sends COUNT events.

The second half is sent once a line has come on standard input. Their ids are PREFIX-0, PREFIX-1 and
so on, their customer is PREFIX. A program ends well once its SDK says that everything is delivered.
They run with the packages of `requirements/sdks.txt`.
"""
