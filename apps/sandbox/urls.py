"""Addresses: Meta's under /graph/vNN.N/, the control API under /api/, the page at /."""

from django.urls import path, re_path

from apps.sandbox import control, counting, graph, graph_setup, page, phones

V = r"^graph/v\d+\.\d+"
urlpatterns = [
    path("", page.index),
    path("events", page.events),
    path("healthz", control.healthz),
    path("media/<str:media_id>", phones.media),
    path("samples/<str:name>.png", phones.sample),
    path("api/state", page.state),
    path("api/reset", control.reset),
    path("api/numbers", control.numbers),
    path("api/accounts/<str:waba_id>", control.account),
    path("api/accounts/<str:waba_id>/templates", control.templates),
    path("api/accounts/<str:waba_id>/handshake", control.check_handshake),
    path("api/accounts/<str:waba_id>/facts", graph_setup.facts),
    path("api/templates", control.all_templates),
    path("api/templates/<str:template_id>/status", control.template_status),
    path("api/templates/<str:template_id>/change", control.template_change),
    path("api/phones", phones.many),
    path("api/phones/<str:phone>", phones.one),
    path("api/phones/<str:phone>/send", phones.send),
    path("api/phones/<str:phone>/forward", phones.forward),
    path("api/phones/<str:phone>/messages", phones.messages),
    path("api/phones/<str:phone>/block", phones.block),
    path("api/phones/<str:phone>/limit", phones.limit),
    path("api/read", phones.read),
    path("api/clock", control.read_clock),
    path("api/clock/wind", control.wind),
    path("api/trouble", control.trouble),
    path("api/counts", counting.counts),
    path("api/accepted", counting.accepted),
    path("api/webhooks/hold", control.hold),
    path("api/webhooks/raw", control.raw_webhook),
    re_path(V + r"/files/(?P<media_id>\d+)$", graph.media_file),
    re_path(V + r"/(?P<phone_number_id>\w+)/messages$", graph.messages),
    re_path(V + r"/(?P<phone_number_id>\w+)/media$", graph.media),
    re_path(V + r"/(?P<waba_id>\w+)/message_templates$", graph.message_templates),
    re_path(V + r"/(?P<waba_id>\w+)/subscribed_apps$", graph.subscribed_apps),
    re_path(V + r"/(?P<waba_id>\w+)/phone_numbers$", graph.phone_numbers),
    re_path(V + r"/debug_token$", graph.debug_token),
    re_path(V + r"/(?P<node_id>\w+)$", graph.node),
]
