using System;
using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// The few types that PowerShell turns back into live objects, such as certificates and addresses: its types files
/// name them with <c>TargetTypeForDeserialization</c>.
/// </summary>
internal static class Rehydration
{
    /// <summary>The live type by the type names of the dead one. Emptied when the server invents too many.</summary>
    private static readonly ConcurrentDictionary<string, Type?> Targets = new(StringComparer.Ordinal);

    internal static object Apply(PSObject made)
    {
        string key = string.Join("\n", made.TypeNames);
        if (!Targets.TryGetValue(key, out Type? target))
        {
            if (MostTargets <= Targets.Count)
            {
                Targets.Clear();
            }
            target = TargetOf(made);
            Targets[key] = target;
        }
        return target is not null
            && LanguagePrimitives.TryConvertTo(made, target, CultureInfo.InvariantCulture, out object live)
            ? live
            : made;
    }

    private static Type? TargetOf(PSObject made) =>
        made.Members["PSStandardMembers"] is PSMemberSet { IsInstance: false } standard
        && standard.Members["TargetTypeForDeserialization"] is PSPropertyInfo property
            ? property.Value as Type
            : null;

    private const int MostTargets = 4096;
}
