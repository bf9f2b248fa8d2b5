using System.Text;

namespace InferMesh.Api.Grpc.Errors;

/// <summary>Turns the field paths of the grains (camelCase) into those of the messages (snake_case).</summary>
internal static class FieldNames
{
    // What follows these is a key that the caller chose.
    private static readonly string[] OpenMaps = ["labels.", "parameters.", "environment.", "gpuTypes."];

    public static string ToProto(string path)
    {
        var open = OpenMaps.Select(map => path.IndexOf(map, StringComparison.Ordinal) is >= 0 and var at ? at + map.Length : path.Length).Min();
        var text = new StringBuilder(path.Length + 4);
        for (var i = 0; i < path.Length; i++)
        {
            if (i < open && char.IsAsciiLetterUpper(path[i]))
            {
                if (i > 0 && path[i - 1] != '.') text.Append('_');
                text.Append(char.ToLowerInvariant(path[i]));
            }
            else
            {
                text.Append(path[i]);
            }
        }
        return text.ToString();
    }
}
