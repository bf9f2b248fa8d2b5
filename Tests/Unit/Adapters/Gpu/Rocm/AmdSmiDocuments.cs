namespace InferMesh.Tests.Unit.Adapters.Gpu.Rocm;

/// <summary>Documents written by hand after the public interface of amd-smi; no machine has printed them.</summary>
internal static class AmdSmiDocuments
{
    public const string Metrics = """
        [
          {
            "gpu": 0,
            "usage": {"gfx_activity": {"value": 42, "unit": "%"}, "umc_activity": {"value": 7, "unit": "%"}, "mm_activity": "N/A", "vcn_activity": ["N/A"]},
            "power": {"socket_power": {"value": 139, "unit": "W"}, "gfx_voltage": "N/A", "throttle_status": "UNTHROTTLED", "power_management": "ENABLED"},
            "clock": {"gfx_0": {"clk": {"value": 2100, "unit": "MHz"}, "clk_locked": "DISABLED"}, "mem_0": {"clk": {"value": 1300, "unit": "MHz"}}},
            "temperature": {"edge": "N/A", "hotspot": {"value": 51, "unit": "C"}, "mem": {"value": 45, "unit": "C"}},
            "pcie": {"width": 16, "replay_count": 3, "current_bandwidth_sent": {"value": 8, "unit": "Mb/s"}, "current_bandwidth_received": "N/A"},
            "ecc": {"total_correctable_count": 5, "total_uncorrectable_count": 1, "total_deferred_count": 0},
            "mem_usage": {"total_vram": {"value": 196592, "unit": "MB"}, "used_vram": {"value": 283, "unit": "MB"}, "free_vram": {"value": 196309, "unit": "MB"}}
          },
          {
            "gpu": 1,
            "usage": {"gfx_activity": "99 %", "umc_activity": "N/A"},
            "power": {"socket_power": "N/A", "current_socket_power": "700 W"},
            "throttle": {"ppt_violation_status": "ACTIVE", "socket_thermal_violation_status": "NOT ACTIVE", "prochot_violation_status": "N/A"},
            "mem_usage": {"used_vram": "1024 MB"}
          }
        ]
        """;

    public const string Statics = """
        {"gpu_data": [
          {
            "gpu": 0,
            "asic": {"market_name": "AMD Instinct MI300X", "vendor_id": "0x1002", "asic_serial": "0x00A1B2C3D4E5F607"},
            "bus": {"bdf": "0000:0c:00.0"},
            "limit": {"max_power": {"value": 750, "unit": "W"}, "socket_power": {"value": 650, "unit": "W"}},
            "driver": {"name": "amdgpu", "version": "6.8.5"},
            "board": {"product_serial": "N/A"},
            "vram": {"type": "HBM", "size": {"value": 196592, "unit": "MB"}}
          },
          {
            "gpu": 1,
            "asic": {"market_name": "N/A", "asic_serial": "N/A"},
            "board": {"product_name": "Board", "product_serial": "PCB123"},
            "limit": {"ppt0": {"socket_power_limit": {"value": 1000, "unit": "W"}}},
            "vram": {"size": "196592 MB"}
          }
        ]}
        """;
}
