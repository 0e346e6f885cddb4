"""The leaves of the language: the keys of each, their texts, and what is read from them.

leaf          what one leaf says of itself
scope         keys that several leaves have: which events they look at
events        leaves of events that happened, or did not
amounts       leaves of totals, averages, extremes and ratios
properties    leaves of one property's values, and of traits
memberships   leaves of the segments that a customer is in, or left
days          leaves of days of the year and of dates in traits
scores        leaves of what a model foretells
"""
