using System.Collections;
using System.Globalization;
using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>Every number against the range of its key.</summary>
internal static class RangeChecks
{
    /// <param name="config">The whole of a configuration.</param>
    /// <param name="findings">Where problems go.</param>
    public static void Check(object config, Findings findings) => Section(config, "", findings);

    private static void Section(object section, string path, Findings findings)
    {
        foreach (var key in ConfigShape.Of(section.GetType()).KeysFor(section))
            Value(key.Property.GetValue(section), key, path.Length == 0 ? key.Name : $"{path}.{key.Name}", findings);
    }

    private static void Value(object? value, ConfigKey key, string path, Findings findings)
    {
        switch (value)
        {
            case null:
                if (key.Type.IsClass && new System.Reflection.NullabilityInfoContext().Create(key.Property).WriteState == System.Reflection.NullabilityState.NotNull) findings.Add(path, "is missing");
                break;
            case string text:
                findings.Require(text.Trim().Length > 0, path, $"is empty");
                break;
            case Enum member:
                findings.Require(Enum.IsDefined(member.GetType(), member), path, $"{member} is not known");
                break;
            case int or double:
                Number(Convert.ToDouble(value, CultureInfo.InvariantCulture), key.Range, path, findings);
                break;
            case IEnumerable list and not IDictionary:
                var index = 0;
                foreach (var item in list) Value(item, key, string.Create(CultureInfo.InvariantCulture, $"{path}[{index++}]"), findings);
                break;
            default:
                if (ConfigShape.IsSection(value.GetType())) Section(value, path, findings);
                break;
        }
    }

    private static void Number(double value, InAttribute? range, string path, Findings findings)
    {
        if (!double.IsFinite(value)) findings.Add(path, "must be finite");
        else if (range is not null) findings.Require(range.Holds(value), path, $"is {value}; it must be {range.InWords()}");
    }
}
