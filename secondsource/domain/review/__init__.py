"""How a vendor did over a period, worked out from what is stored. Pure: facts in, one value out.

Each figure says what it rests on (:class:`~secondsource.domain.review.basis.Basis`). What is not known is a
:class:`~secondsource.domain.review.basis.Missing` with the reason, never a zero.
"""
