using System.Globalization;
using InferMesh.Simulator.World;

namespace InferMesh.Cli.Fleet;

/// <summary>How often each GPU type appears in a fleet, such as <c>H100-80G:3,A100-80G:3,L40S-48G:2</c>.</summary>
internal sealed class GpuMix
{
    private readonly (GpuProfile Profile, int Weight)[] _parts;

    private GpuMix((GpuProfile Profile, int Weight)[] parts) => _parts = parts;

    public const string Default = "H100-80G:3,A100-80G:3,L40S-48G:2";

    /// <summary>Reads a mix; a type without a number has weight 1.</summary>
    public static bool TryParse(string text, out GpuMix mix, out string error)
    {
        mix = null!;
        var parts = new List<(GpuProfile, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = part.LastIndexOf(':');
            var name = colon < 0 ? part : part[..colon];
            if (!GpuCatalog.TryGet(name, out var profile))
            {
                error = $"'{name}' is not a known GPU type; use one of {string.Join(", ", GpuCatalog.All.Select(static p => p.Name))}";
                return false;
            }

            var weight = 1;
            if (colon >= 0 && (!int.TryParse(part[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out weight) || weight is < 1 or > 10_000))
            {
                error = $"the number after '{name}:' must be from 1 to 10000";
                return false;
            }

            parts.Add((profile, weight));
        }

        if (parts.Count == 0)
        {
            error = $"name at least one GPU type, such as {Default}";
            return false;
        }

        mix = new GpuMix([.. parts]);
        error = "";
        return true;
    }

    /// <summary>Spreads the types over <paramref name="count"/> places by smooth weighted round robin, so that every run of places has about the mix.</summary>
    public GpuProfile[] Spread(int count)
    {
        var total = _parts.Sum(static part => part.Weight);
        var credit = new int[_parts.Length];
        var places = new GpuProfile[count];
        for (var place = 0; place < count; place++)
        {
            var best = 0;
            for (var i = 0; i < _parts.Length; i++)
            {
                credit[i] += _parts[i].Weight;
                if (credit[i] > credit[best])
                    best = i;
            }

            credit[best] -= total;
            places[place] = _parts[best].Profile;
        }

        return places;
    }
}
