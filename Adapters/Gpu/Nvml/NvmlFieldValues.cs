namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Values of one device that NVML gives by number, all asked for in one call.</summary>
internal sealed class NvmlFieldValues
{
    private const string Function = "nvmlDeviceGetFieldValues";

    private readonly NvmlFieldValue[] _values;
    private readonly NvmlReturn _code;

    private NvmlFieldValues(NvmlFieldValue[] values, NvmlReturn code) => (_values, _code) = (values, code);

    /// <summary>Asks for the fields. The scope is what they are about, for example a link; NVLink throughput takes <see cref="uint.MaxValue"/> for all links.</summary>
    public static NvmlFieldValues Read(NvmlApi api, nint device, uint scope, params ReadOnlySpan<NvmlField> fields)
    {
        var values = new NvmlFieldValue[fields.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = new NvmlFieldValue { Field = fields[i], Scope = scope };
        return new NvmlFieldValues(values, api.FieldValues(device, values));
    }

    /// <summary>The value from 0; null when it is not there, which is noted under <paramref name="property"/>.</summary>
    public long? Whole(NvmlField field, string property, NvmlFieldLog log)
    {
        var value = Array.Find(_values, value => value.Field == field);
        var what = $"{Function}({field})";
        if (!log.Ok(_code, Function, property) || !log.Ok(value.Return, what, property))
            return null;
        if (value.Whole is not { } whole)
            log.Absent($"{what} is of type {value.Type} or below zero", property);
        else
            return whole;
        return null;
    }

    /// <summary>Whether the device lacks what the field is about, as opposed to failing to tell.</summary>
    public bool Unsupported(NvmlField field)
    {
        var code = _code == NvmlReturn.Success ? Array.Find(_values, value => value.Field == field).Return : _code;
        return code is NvmlReturn.NotSupported or NvmlReturn.ExportMissing or NvmlReturn.FunctionNotFound;
    }
}
