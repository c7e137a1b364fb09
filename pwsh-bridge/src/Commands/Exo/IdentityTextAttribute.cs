using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Lets an object stand for itself by its property Identity, and never by a text with all its properties.</summary>
[System.AttributeUsage(System.AttributeTargets.Property)]
internal sealed class IdentityTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (inputData is not PSObject { BaseObject: not string } given)
        {
            return inputData;
        }
        if (given.Properties["Identity"]?.Value is { } identity)
        {
            return identity.ToString() ?? string.Empty;
        }
        if (given.BaseObject is PSCustomObject)
        {
            // PowerShell goes on to the object's other properties.
            var cause = new PSInvalidCastException("The object has no property Identity.");
            throw new ArgumentTransformationMetadataException(cause.Message, cause);
        }
        return inputData;
    }
}
