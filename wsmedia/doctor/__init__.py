"""Examines the network between this machine and a gateway: one check a file, run side by side (docs/doctor.md)."""

from wsmedia.doctor.examination import Examination
from wsmedia.doctor.report_sending import SendingError, send_report
from wsmedia.doctor.site import Site
from wsmedia.doctor.words import request_of, sentence_of, verdict_sentences

__all__ = ["Examination", "SendingError", "Site", "request_of", "send_report", "sentence_of", "verdict_sentences"]
