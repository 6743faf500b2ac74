-- Reasons by firmware, as a table with a column a firmware.
SELECT *
FROM (SELECT reason, firmware FROM cubby_backend.camera_disconnected)
PIVOT (COUNT(*) FOR firmware IN ('2.4.1' AS v2_4_1, '2.5.0' AS v2_5_0, '2.5.1' AS v2_5_1))
ORDER BY reason
